using System.Net;
using System.Text;

namespace MailCloud.EndToEnd.Tests;

/// <summary>Makes accounts through the admin API.</summary>
internal static class Accounts
{
    public static async Task ImportAsync(IAdministered server, IEnumerable<(string Address, string Password)> accounts)
    {
        var csv = string.Join('\n', accounts.Select(a => $"{a.Address},{a.Password}"));
        using var admin = server.Admin();
        using var content = new StringContent(csv, Encoding.UTF8, "text/csv");
        using var response = await admin.PostAsync(new Uri("/admin/v1/accounts/import", UriKind.Relative), content);
        var answer = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, answer);
        Assert.DoesNotContain("error", answer, StringComparison.OrdinalIgnoreCase);
    }
}
