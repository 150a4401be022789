using MailCloud.Web.Autoconfig;

namespace MailCloud.Web.Tests.Autoconfig;

public sealed class MailServicesOptionsTests
{
    private static readonly MailServicesOptions usual = new() { Host = "mail.example.test" };

    [Fact]
    public void Without_a_host_nothing_of_it_counts() => Assert.Empty(new MailServicesOptions { Imaps = -1, MtaStsMode = "perhaps" }.Errors());

    [Fact]
    public void The_host_is_the_MX_unless_others_are_said()
    {
        Assert.Empty(usual.Errors());
        Assert.Equal(["mail.example.test"], usual.MxNames);
        Assert.Equal(["mx.example.test", "*.example.net"], (usual with { Mx = "mx.example.test,*.example.net," }).MxNames);
    }

    [Fact]
    public void A_port_of_0_is_not_told()
    {
        var options = usual with { Imaps = 0, Pop3s = 0, Pop3 = 0, Submissions = 0 };
        Assert.Empty(options.Errors());
        Assert.Equal([new MailService("imap", 143, IsTls: false)], options.Incoming);
        Assert.Equal([new MailService("smtp", 587, IsTls: false)], options.Outgoing);
    }

    [Fact]
    public void What_makes_no_sense_is_said()
    {
        MailServicesOptions[] wrong =
        [
            usual with { Host = "mail.example.test:993" },
            usual with { Host = "127.0.0.1" },
            usual with { Host = "mäil.example.test" },
            usual with { Mx = "mx.example.test\r\nmode: none" },
            usual with { Mx = "mx.*.example.test" },
            usual with { Imap = 65_536 },
            usual with { Submission = -1 },
            usual with { Imaps = 0, Imap = 0, Pop3s = 0, Pop3 = 0 },
            usual with { Submissions = 0, Submission = 0 },
            usual with { MtaStsMode = "Enforce" },
            usual with { MtaStsMaxAge = TimeSpan.Zero },
            usual with { MtaStsMaxAge = TimeSpan.FromDays(366) },
        ];
        Assert.All(wrong, options => Assert.Single(options.Errors()));
    }
}
