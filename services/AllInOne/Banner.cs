namespace MailCloud.AllInOne;

/// <summary>What a person needs to know once everything listens; scripts wait for its last line.</summary>
internal static class Banner
{
    public static void Print(IConfiguration configuration, TextWriter output)
    {
        (string Name, string? Value)[] rows =
        [
            ("SMTP (mail for example.test)", configuration["Smtp:Mx"]),
            ("submission (STARTTLS)", configuration["Smtp:Submission"]),
            ("submissions (TLS)", configuration["Smtp:Submissions"]),
            ("IMAP (STARTTLS)", configuration["Imap:Plain"]),
            ("IMAPS (TLS)", configuration["Imap:Tls"]),
            ("POP3 (STLS)", configuration["Pop3:Plain"]),
            ("POP3S (TLS)", configuration["Pop3:Tls"]),
            ("HTTP", $"http://{configuration["Web:Http"]}/"),
            ("admin API", $"http://{configuration["Web:Admin"]}/"),
            ("admin token", configuration["Web:AdminTokenFile"]),
            ("data", configuration["Embedded:Directory"]),
            ("demo accounts", $"{string.Join(", ", DemoTenant.Accounts)}, password {DemoTenant.Password}"),
        ];
        var width = rows.Max(r => r.Name.Length);
        foreach (var (name, value) in rows.Where(r => !string.IsNullOrEmpty(r.Value)))
        {
            output.WriteLine($"  {name.PadRight(width)}  {value}");
        }

        output.WriteLine("MailCloud is ready");
        output.Flush();
    }
}
