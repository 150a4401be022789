using System.Diagnostics.Metrics;

namespace MailCloud.Mailboxes.Limits;

/// <summary>What limiters answer and learn; README.md has the table. Providers are in the log alone: there are as many as the world has.</summary>
internal sealed class LimiterTelemetry
{
    public const string Name = "MailCloud.Mailboxes";

    private readonly Counter<long> answers;
    private readonly Counter<long> lessons;

    public LimiterTelemetry(IMeterFactory meters)
    {
        var meter = meters.Create(Name);
        answers = meter.CreateCounter<long>("mailcloud.limiter.answers", "{answer}", "Answers to relays that ask for a connection: granted, limited, paused, or quiet after a start.");
        lessons = meter.CreateCounter<long>("mailcloud.limiter.lessons", "{lesson}", "What was learnt of providers: fewer connections at a time, a pause, that they take mail again.");
        Array.ForEach(["fewer", "paused", "resumed"], lesson => lessons.Add(0, new KeyValuePair<string, object?>("lesson", lesson)));
    }

    public void Answered(string answer) => answers.Add(1, new KeyValuePair<string, object?>("answer", answer));

    public void Learnt(string lesson) => lessons.Add(1, new KeyValuePair<string, object?>("lesson", lesson));
}
