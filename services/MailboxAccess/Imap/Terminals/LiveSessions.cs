using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.MailboxAccess.Imap.Terminals;

/// <summary>The sessions of this edge that are logged in, by account: one small entry each, and nothing that runs.</summary>
internal sealed class LiveSessions(TimeProvider time) : ITerminalEdge
{
    /// <summary>
    /// A client that idles is sent a text within milliseconds. Who waits for one that does not holds a place of the delivery queue meanwhile, and files the message then.
    /// </summary>
    private static readonly TimeSpan ShowLimit = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly Dictionary<AccountId, Terminal[]> sessions = [];

    /// <summary>A session has logged in; it is a terminal until <see cref="Leave"/>.</summary>
    public Terminal Enter(AccountId account)
    {
        var terminal = new Terminal(account);
        lock (gate)
        {
            sessions[account] = [.. sessions.GetValueOrDefault(account, []), terminal];
        }

        return terminal;
    }

    public void Leave(Terminal terminal)
    {
        lock (gate)
        {
            Terminal[] others = [.. sessions[terminal.Account].Where(other => other != terminal)];
            if (others.Length > 0)
            {
                sessions[terminal.Account] = others;
            }
            else
            {
                sessions.Remove(terminal.Account);
            }
        }

        terminal.End();
    }

    public Task<IReadOnlyList<AccountId>> FindLiveAsync(IReadOnlyList<AccountId> accounts)
    {
        lock (gate)
        {
            return Task.FromResult<IReadOnlyList<AccountId>>(accounts.Where(sessions.ContainsKey).ToArray());
        }
    }

    public async Task<bool> ShowAsync(AccountId account, string text)
    {
        var terminals = TerminalsOf(account);
        if (terminals.Length == 0)
        {
            return false;
        }

        var notice = new Notice(text, terminals.Length);
        foreach (var terminal in terminals)
        {
            terminal.Add(notice);
        }

        try
        {
            return await notice.Shown.WaitAsync(ShowLimit, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // It stays, and is written with the next command.
            return false;
        }
    }

    private Terminal[] TerminalsOf(AccountId account)
    {
        lock (gate)
        {
            return sessions.GetValueOrDefault(account, []);
        }
    }
}
