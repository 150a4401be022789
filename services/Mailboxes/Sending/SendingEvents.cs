using MailCloud.Messages;

namespace MailCloud.Mailboxes.Sending;

/// <summary>Recipients of a clock hour, which is counted from 1970 (UTC).</summary>
[GenerateSerializer, Immutable, Alias("mc.HourCount")]
internal readonly record struct HourCount([property: Id(0)] long Hour, [property: Id(1)] int Recipients);

/// <summary>So many more were sent to in these hours; fewer, where the number is negative.</summary>
[GenerateSerializer, Immutable, Alias("mc.RecipientsCounted")]
internal sealed record RecipientsCounted([property: Id(0)] HourCount[] Hours) : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>So many more messages are held until the hour begins.</summary>
    [Id(1)] public HourCount[]? Held { get; init; }

    /// <summary>Messages that are among these from here on.</summary>
    [Id(2)] public HeldMessage[]? Named { get; init; }

    /// <summary>Messages that need not be known by their ids any more.</summary>
    [Id(3)] public Guid[]? Over { get; init; }
}

/// <param name="Message">Its id.</param>
/// <param name="Hour">At whose beginning it is held no longer.</param>
[GenerateSerializer, Immutable, Alias("mc.HeldMessage")]
internal readonly record struct HeldMessage([property: Id(0)] Guid Message, [property: Id(1)] long Hour);

[GenerateSerializer, Alias("mc.SendingState")]
internal sealed record SendingState : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>Recipients by hour, for no more than the hours that a limit looks at.</summary>
    [Id(0)] public Dictionary<long, int> Hours { get; init; } = [];

    /// <summary>Messages that are held, by the hour at whose beginning they are held no longer; older hours may be among them.</summary>
    [Id(1)] public Dictionary<long, int> Held { get => field ??= []; init; } = [];

    /// <summary>The hour of each message that was counted by its id; of some, which are counted no longer, past.</summary>
    [Id(2)] public Dictionary<Guid, long> HeldMessages { get => field ??= []; init; } = [];
}
