using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Directory;

/// <summary>
/// How far one message to a group has come. Invariants:
/// <list type="number">
/// <item>A page is fixed once, by the first who asks: what it names never changes, and only the last one is kept.</item>
/// <item>The next page is asked for by who has sent the last one, so that a page that is not kept any more has been sent.</item>
/// <item>A group is walked once, in whatever ways it is reached.</item>
/// <item>What is over stays so until nobody can ask any more (<see cref="Expansions.Window"/>); the sweep removes it then.</item>
/// </list>
/// </summary>
internal sealed class ExpansionGrain(GrainStorage storage) : SnapshotGrain<ExpansionState, ExpansionEvent>(storage), IExpansionGrain
{
    internal const string JournalPrefix = "expansion/";

    protected override string JournalName => JournalPrefix + this.GetPrimaryKeyString();

    public async Task<ExpansionStep> GetAsync(EmailAddress group)
    {
        var step = Step with { Next = State is { Page: null, End: ExpansionEnd.UnderWay } ? new(group, "", 0) : Step.Next };
        await Durable();
        return step;
    }

    public async Task<ExpansionStep> FixAsync(ExpansionPage page)
    {
        if (State.End == ExpansionEnd.UnderWay && page.Number == Step.Number + 1)
        {
            Record(new ExpansionPageFixed(page));
        }

        var step = Step;
        await Durable();
        return step;
    }

    public async Task<ExpansionEnd> EndAsync(ExpansionEnd end)
    {
        if (State.End == ExpansionEnd.UnderWay)
        {
            Record(new ExpansionEnded(end));
        }

        var ended = State.End;
        await Durable();
        return ended;
    }

    protected override void Apply(ExpansionState state, ExpansionEvent recorded)
    {
        switch (recorded)
        {
            case ExpansionPageFixed(var page):
                Apply(state, page);
                break;
            case ExpansionEnded(var end):
                (state.Page, state.End) = (null, end);
                state.Waiting.Clear();
                state.Met.Clear();
                break;
        }
    }

    private ExpansionStep Step => new(
        State.Page?.Number ?? 0, State.Page?.Recipients ?? [], State.Page?.Sender, State.Waiting.Count > 0 ? State.Waiting[0] : null, State.Met.Count, State.End);

    private static void Apply(ExpansionState state, ExpansionPage page)
    {
        if (state.Page is null)
        {
            state.Met.Add(page.Walked.Group.Key);
            state.Waiting.Add(page.Walked);
        }

        state.Page = page;
        state.Waiting[0] = page.Walked;
        state.Waiting.AddRange(page.Groups.Where(group => state.Met.Add(group.Key)).Select(group => new GroupCursor(group, "", page.Walked.Depth + 1)));
        if (page.EndsGroup)
        {
            state.Waiting.RemoveAt(0);
        }
    }
}
