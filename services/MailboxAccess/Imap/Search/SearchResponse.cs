namespace MailCloud.MailboxAccess.Imap.Search;

/// <summary>SEARCH (RFC 3501 §7.2.5) and ESEARCH (RFC 4731 §3.2).</summary>
internal static class SearchResponse
{
    public static async ValueTask WriteAsync(
        ImapSession session, SearchRequest request, FoundMessages found, bool byUid, CancellationToken cancellationToken)
    {
        var writer = session.Writer;
        var view = session.Selected!.View;
        long IdOf(int number) => byUid ? view.UidOf(number) : number;
        if (request.Return == SearchReturn.None)
        {
            await WritePlainAsync(writer, found, IdOf, cancellationToken).ConfigureAwait(false);
            if (request.Key.AsksForModSeq && found.Count > 0)
            {
                // RFC 7162 §3.1.5
                writer.Text($" (MODSEQ {found.ModSeq})");
            }
        }
        else
        {
            writer.Raw("* ESEARCH (TAG "u8);
            writer.String(session.Tag);
            writer.Raw(byUid ? ") UID"u8 : ")"u8);
            await WriteExtendedAsync(writer, request.Return, found, IdOf, cancellationToken).ConfigureAwait(false);
            if (request.Key.AsksForModSeq && found.Count > 0)
            {
                writer.Text($" MODSEQ {ModSeqOf(request.Return, found)}");
            }
        }

        writer.EndLine();
    }

    private static async ValueTask WritePlainAsync(ImapWriter writer, FoundMessages found, Func<int, long> idOf, CancellationToken cancellationToken)
    {
        writer.Raw("* SEARCH"u8);
        foreach (var number in found.Numbers())
        {
            writer.Raw(" "u8);
            writer.Number(idOf(number));
            await writer.FlushIfFullAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    // RFC 4731 §3.1: nothing but COUNT is given when nothing was found.
    private static async ValueTask WriteExtendedAsync(
        ImapWriter writer, SearchReturn wanted, FoundMessages found, Func<int, long> idOf, CancellationToken cancellationToken)
    {
        if (wanted.HasFlag(SearchReturn.Min) && found.Count > 0)
        {
            writer.Text($" MIN {idOf(found.Min)}");
        }

        if (wanted.HasFlag(SearchReturn.Max) && found.Count > 0)
        {
            writer.Text($" MAX {idOf(found.Max)}");
        }

        if (wanted.HasFlag(SearchReturn.Count))
        {
            writer.Text($" COUNT {found.Count}");
        }

        if (wanted.HasFlag(SearchReturn.All) && found.Count > 0)
        {
            var separator = " ALL ";
            foreach (var (first, last) in Ranges(found, idOf))
            {
                writer.Text(first == last ? $"{separator}{first}" : $"{separator}{first}:{last}");
                separator = ",";
                await writer.FlushIfFullAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static IEnumerable<(long First, long Last)> Ranges(FoundMessages found, Func<int, long> idOf)
    {
        var (first, last) = (0L, 0L);
        foreach (var id in found.Numbers().Select(idOf))
        {
            if (first != 0 && id != last + 1)
            {
                yield return (first, last);
                first = 0;
            }

            (first, last) = (first == 0 ? id : first, id);
        }

        yield return (first, last);
    }

    // RFC 4731 §3.2: of the messages returned, which for MIN and MAX alone are one or two.
    private static long ModSeqOf(SearchReturn wanted, FoundMessages found) => wanted switch
    {
        SearchReturn.Min => found.MinModSeq,
        SearchReturn.Max => found.MaxModSeq,
        SearchReturn.Min | SearchReturn.Max => Math.Max(found.MinModSeq, found.MaxModSeq),
        _ => found.ModSeq,
    };
}
