namespace MailCloud.Credentials.Guessing;

/// <summary>How strikes become a delay.</summary>
/// <param name="Allowance">Strikes that cost nothing.</param>
/// <param name="First">The delay after that many; each further strike doubles it.</param>
/// <param name="Longest">Where the doubling ends.</param>
/// <param name="Most">Strikes that are remembered at most.</param>
/// <param name="ForgetsEvery">One strike is forgotten in this time.</param>
internal sealed record StrikeRule(int Allowance, TimeSpan First, TimeSpan Longest, int Most, TimeSpan ForgetsEvery)
{
    public TimeSpan DelayAfter(int strikes)
    {
        if (strikes < Allowance)
        {
            return TimeSpan.Zero;
        }

        var doubled = First * Math.Pow(2, Math.Min(strikes - Allowance, 30));
        return doubled < Longest ? doubled : Longest;
    }
}
