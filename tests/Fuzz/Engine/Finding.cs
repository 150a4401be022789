using System.Diagnostics;
using System.Security.Cryptography;

namespace MailCloud.Fuzz.Engine;

/// <summary>An input on which a rule is broken.</summary>
/// <param name="Kind">The same for inputs that break the same rule at the same place.</param>
/// <param name="Description">The exception, or what it cost.</param>
internal sealed record Finding(string Kind, byte[] Input, string Description)
{
    public const string Time = "time";

    public string FileName => $"found-{Convert.ToHexStringLower(SHA256.HashData(Input))[..12]}";

    public static Finding Of(Exception e, ReadOnlyMemory<byte> input) => new(KindOf(e), input.ToArray(), e.ToString());

    private static string KindOf(Exception e)
    {
        var frame = new StackTrace(e).GetFrames().Select(f => f.GetMethod()).FirstOrDefault(m => m?.DeclaringType is { } type && type != typeof(OracleException));
        return $"{e.GetType().Name} in {frame?.DeclaringType?.Name}.{frame?.Name}" + (e is OracleException ? $": {e.Message}" : "");
    }
}
