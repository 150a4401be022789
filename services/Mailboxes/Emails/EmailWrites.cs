using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Emails;

/// <summary>
/// What clients make of Emails (RFC 8621 §4.6). Each operation is decided and recorded in one synchronous step, so that all its events go into the journal in one append: after a crash all of it is
/// there or nothing. Its result is remembered with its last event.
/// </summary>
internal sealed class EmailWrites(EmailMailbox mailbox)
{
    private readonly EmailPlaces places = new(mailbox);

    private MailboxState State => mailbox.State;

    public async Task<EmailResult> AddAsync(NewEmail email)
    {
        var result = Add(email);
        await mailbox.Durable();
        return result;
    }

    public async Task<EmailUpdateResult> UpdateAsync(EmailUpdates updates)
    {
        var result = await RunAsync(updates);
        await mailbox.Durable();
        return result;
    }

    private EmailResult Add(NewEmail email)
    {
        var id = mailbox.BodyIdOf(email.Message.Body);
        var size = email.Message.Summary.LengthShown(email.Message.Body.Length);
        if (State.Operations.TryGetValue(email.Operation, out var known))
        {
            var first = known.Emails;
            return new() { Outcome = EmailOutcome.Done, Email = id, Thread = first?.Thread ?? 0, Size = size, OldModSeq = first?.OldModSeq ?? State.ModSeq, ModSeq = first?.ModSeq ?? State.ModSeq };
        }

        var now = mailbox.Storage.Time.GetUtcNow();
        var decisions = new EmailAddition(State, email, now);
        var outcome = decisions.Decide(mailbox.Storage.Serializer, mailbox.BodyIdOf);
        foreach (var recorded in decisions.Recorded)
        {
            mailbox.Record(recorded);
        }

        return new() { Outcome = outcome, Email = id, Thread = decisions.Thread, Size = size, OldModSeq = State.ModSeq - decisions.Recorded.Count, ModSeq = State.ModSeq };
    }

    private async Task<EmailUpdateResult> RunAsync(EmailUpdates updates)
    {
        var emails = updates.Updates.Select(u => u.Email).ToArray();
        if (emails.Length > EmailUpdates.MaxEmails)
        {
            return Refused(updates, EmailOutcome.TooMany);
        }

        var contents = new Dictionary<Guid, ReadOnlyMemory<byte>>();
        while (true)
        {
            var (result, missing) = await places.FindAsync(emails, found => Decide(updates, found, contents));
            if (result is not null)
            {
                return result;
            }

            await ReadAsync(missing, contents);
        }
    }

    // Null with the places whose contents must be read first: what is copied or moved carries its content.
    private (EmailUpdateResult? Result, IReadOnlyList<EmailPlace> Missing) Decide(
        EmailUpdates updates, IReadOnlyDictionary<Guid, IReadOnlyList<EmailPlace>> found, Dictionary<Guid, ReadOnlyMemory<byte>> contents)
    {
        if (State.Operations.TryGetValue(updates.Operation, out var known))
        {
            return (Repeated(updates, known.Emails), []);
        }

        if (updates.IfModSeq is { } wanted && wanted != State.ModSeq)
        {
            return (Refused(updates, EmailOutcome.StateMismatch), []);
        }

        var decisions = new EmailUpdateDecisions(State, updates.Operation, mailbox.Storage.Time.GetUtcNow());
        var outcomes = updates.Updates.Select(u => decisions.Decide(u, found.GetValueOrDefault(u.Email, []))).ToArray();
        var missing = decisions.Sources.Where(s => s.Tail is null && !contents.ContainsKey(s.Row.Body)).ToArray();
        if (missing.Length > 0)
        {
            return (null, missing);
        }

        var recorded = decisions.ToRecord(outcomes, place => mailbox.Chunks.WithThread(new(place.Row, place.Flags.Flags, place.Tail?.Content ?? contents[place.Row.Body])));
        foreach (var change in recorded)
        {
            mailbox.Record(change);
        }

        return (new() { Outcomes = outcomes, OldModSeq = State.ModSeq - recorded.Count, ModSeq = State.ModSeq }, []);
    }

    private async Task ReadAsync(IReadOnlyList<EmailPlace> missing, Dictionary<Guid, ReadOnlyMemory<byte>> contents)
    {
        foreach (var chunk in missing.DistinctBy(p => p.Row.Body).GroupBy(p => p.From!.Chunk))
        {
            var inOrder = chunk.OrderBy(p => p.Index).ToList();
            await mailbox.Chunks.ReadContentsAsync(chunk.Key, inOrder[0].From!.Rows, inOrder.ConvertAll(p => p.Index), (at, content) => contents[inOrder[at].Row.Body] = content);
        }
    }

    private EmailUpdateResult Refused(EmailUpdates updates, EmailOutcome outcome) =>
        new() { Outcomes = [.. updates.Updates.Select(_ => outcome)], OldModSeq = State.ModSeq, ModSeq = State.ModSeq };

    private EmailUpdateResult Repeated(EmailUpdates updates, RememberedEmails? known) => new()
    {
        Outcomes = known is null or { Outcomes: [] } ? [.. updates.Updates.Select(_ => EmailOutcome.Done)] : known.Outcomes,
        OldModSeq = known?.OldModSeq ?? State.ModSeq,
        ModSeq = known?.ModSeq ?? State.ModSeq,
    };
}
