using Microsoft.Extensions.Configuration;

namespace MailCloud.Embedded;

/// <summary>Section <c>Embedded</c>.</summary>
public sealed record EmbeddedOptions
{
    /// <summary>The folder that holds everything; made when it is missing. One process may use it at a time.</summary>
    public required string Directory { get; init; }

    /// <summary>
    /// SQLite's <c>synchronous</c> pragma. FULL is what the promise of a 250 stands on; anything weaker exists so that a test can show
    /// that its checks notice.
    /// </summary>
    public string Synchronous { get; init; } = "FULL";

    /// <exception cref="InvalidOperationException">A value is missing or not one of those allowed.</exception>
    public static EmbeddedOptions From(IConfiguration configuration)
    {
        var section = configuration.GetSection("Embedded");
        var options = new EmbeddedOptions
        {
            Directory = section["Directory"] ?? "",
            Synchronous = section["Synchronous"] is { Length: > 0 } synchronous ? synchronous.ToUpperInvariant() : "FULL",
        };
        options.Validate();
        return options;
    }

    private void Validate()
    {
        List<string> errors = [];
        if (Directory.Length == 0)
        {
            errors.Add("Embedded:Directory is not set");
        }

        if (Synchronous is not ("OFF" or "NORMAL" or "FULL" or "EXTRA"))
        {
            errors.Add($"Embedded:Synchronous is {Synchronous}, not OFF, NORMAL, FULL or EXTRA");
        }

        if (errors.Count > 0)
        {
            throw new InvalidOperationException(string.Join("; ", errors));
        }
    }
}
