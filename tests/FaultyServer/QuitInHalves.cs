using MailCloud.MailboxContracts;

namespace MailCloud.FaultyServer;

/// <summary>Removes some of what a QUIT by POP3 removes, and a moment later all: what dies within that moment has been done by half.</summary>
internal sealed class QuitInHalves : IIncomingGrainCallFilter
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(50);

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.Grain is IMailboxGrain mailbox && context.MethodName == nameof(IMailboxGrain.UpdateMaildropAsync)
            && context.Request.GetArgument(0) is MaildropUpdate { Uids: { Length: > 1 } uids } update)
        {
            await mailbox.UpdateMaildropAsync(update with { Operation = Guid.NewGuid(), Uids = uids[..(uids.Length / 2)] });
            await Task.Delay(Moment);
            await mailbox.HoldMaildropAsync(update.Session);
        }

        await context.Invoke();
    }
}
