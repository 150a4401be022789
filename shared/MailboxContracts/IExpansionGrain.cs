using MailCloud.Messages;

namespace MailCloud.MailboxContracts;

/// <summary>
/// How far one message to one group has come: its members become messages of their own, page by page, and each page is fixed here before it goes anywhere. So a repeat after a crash sends the page
/// to the very members it may have gone to already, whoever joined or left meanwhile. Key: see <see cref="Expansions"/>.
/// </summary>
[Alias("mc.IExpansionGrain")]
public interface IExpansionGrain : IGrainWithStringKey
{
    /// <summary>The page that was fixed last, and where the next begins.</summary>
    /// <param name="group">The group that the message was sent to.</param>
    [Alias("Get")]
    Task<ExpansionStep> GetAsync(EmailAddress group);

    /// <summary>Fixes the page, if it is the next one; of two the first counts. Whoever asks for it has sent the page before. Answers where the expansion stands.</summary>
    [Alias("Fix")]
    Task<ExpansionStep> FixAsync(ExpansionPage page);

    /// <summary>Everybody has their copy, or there is no such group; what was said first counts.</summary>
    [Alias("End")]
    Task<ExpansionEnd> EndAsync(ExpansionEnd end);
}

/// <summary>Members of one page as they were when it was fixed.</summary>
[GenerateSerializer, Immutable, Alias("mc.ExpansionPage")]
public sealed record ExpansionPage
{
    /// <summary>The first is 1.</summary>
    [Id(0)] public required int Number { get; init; }

    /// <summary>Who gets a copy; may be nobody.</summary>
    [Id(1)] public required IReadOnlyList<EnvelopeRecipient> Recipients { get; init => field = value as EnvelopeRecipient[] ?? [.. value]; }

    /// <summary>The reverse-path of their copies; null is the null one.</summary>
    [Id(2)] public EmailAddress? Sender { get; init; }

    /// <summary>The group whose members they are, and the last of them.</summary>
    [Id(3)] public required GroupCursor Walked { get; init; }

    /// <summary>The group has no further members.</summary>
    [Id(4)] public bool EndsGroup { get; init; }

    /// <summary>Groups among the members.</summary>
    [Id(5)] public IReadOnlyList<EmailAddress> Groups { get; init => field = value as EmailAddress[] ?? [.. value]; } = [];
}

/// <summary>A place in a group's members.</summary>
/// <param name="Group">The group's own address.</param>
/// <param name="After">The key of the last member that was dealt with; "" is the beginning.</param>
/// <param name="Depth">0 is the group that the message was sent to, 1 a member of it.</param>
[GenerateSerializer, Immutable, Alias("mc.GroupCursor")]
public readonly record struct GroupCursor([property: Id(0)] EmailAddress Group, [property: Id(1)] string After, [property: Id(2)] int Depth);

/// <param name="Number">Of the page that was fixed last; 0: none is.</param>
/// <param name="Recipients">Who gets a copy by that page.</param>
/// <param name="Sender">The reverse-path of these copies.</param>
/// <param name="Next">Where the next page begins; null: there is none.</param>
/// <param name="Groups">How many groups it has met.</param>
/// <param name="End">Whether it is over.</param>
[GenerateSerializer, Immutable, Alias("mc.ExpansionStep")]
public sealed record ExpansionStep(
    [property: Id(0)] int Number,
    [property: Id(1)] IReadOnlyList<EnvelopeRecipient> Recipients,
    [property: Id(2)] EmailAddress? Sender,
    [property: Id(3)] GroupCursor? Next,
    [property: Id(4)] int Groups,
    [property: Id(5)] ExpansionEnd End);

public enum ExpansionEnd
{
    UnderWay = 0,

    /// <summary>Everybody who was a member the whole time is on a page that is sent.</summary>
    Expanded = 1,

    /// <summary>There was no such group when it was to begin.</summary>
    NoSuchGroup = 2,
}

public static class Expansions
{
    /// <summary>As long as mailboxes remember deliveries. An older message is never expanded: nobody remembers whether it was.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromDays(14);

    public static string GrainKey(DeliveryId delivery, EmailAddress group) => $"{delivery}/{group.Key}";

    /// <summary>The message that a key is about; null when it is none.</summary>
    public static DeliveryId? DeliveryOf(string key) => DeliveryId.TryParse(key.Split('/')[0], out var id) ? id : null;
}
