using System.Security.Cryptography;
using System.Text;
using MimeKit;

namespace MailCloud.Cli.Checks;

/// <summary>An account for a test mail, which is made for it and removed after it.</summary>
internal sealed class TestAccount(AdminClient client, string domain)
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyz0123456789";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public async Task<IReadOnlyList<CheckResult>> WithAsync(
        Func<MailboxAddress, string, CancellationToken, Task<IReadOnlyList<CheckResult>>> run, CancellationToken cancellationToken)
    {
        var (address, password) = ($"mailcloud-doctor-{RandomNumberGenerator.GetString(Letters, 8)}@{domain}", RandomNumberGenerator.GetString(Letters, 32));
        var results = new List<CheckResult>();
        try
        {
            await MakeAsync(address, password, cancellationToken);
            results.Add(CheckResult.Ok("test account: made", address));
        }
        catch (Exception e) when (e is AdminException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return [CheckResult.Failed("test account: made", e.Message, "give with --test-domain a hosted domain that may have one more account, or an --account")];
        }

        try
        {
            results.AddRange(await run(new("", address), password, cancellationToken));
        }
        finally
        {
            results.Add(await RemoveAsync(address));
        }

        return results;
    }

    private async Task MakeAsync(string address, string password, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        using var line = new StringContent($"{address},{password}\n", Encoding.UTF8, "text/csv");
        await foreach (var made in client.PostAsync("/admin/v1/accounts/import", line, limit.Token))
        {
            if (made.TryGetProperty("error", out var error) && error.GetString() is { } reason)
            {
                throw new AdminException(reason);
            }
        }
    }

    /// <summary>Also when the command is interrupted.</summary>
    private async Task<CheckResult> RemoveAsync(string address)
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await client.DeleteAsync($"/admin/v1/addresses/{Uri.EscapeDataString(address)}", limit.Token);
            return CheckResult.Ok("test account: removed", address);
        }
        catch (Exception e) when (e is AdminException or OperationCanceledException)
        {
            return CheckResult.Failed("test account: removed", e.Message, $"remove it yourself: mailcloud address delete {address}");
        }
    }
}
