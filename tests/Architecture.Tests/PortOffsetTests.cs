using System.Globalization;
using System.Text.RegularExpressions;

namespace MailCloud.Architecture.Tests;

/// <summary>
/// Servers of tests and benchmarks listen where nothing else may: an offset is added to all of their ports, the highest of which is the admin API's 8081. From 32,768 on Linux takes
/// ports for outgoing connections (ip(7), ip_local_port_range), and one of a test's own clients may have such a port already.
/// </summary>
public sealed partial class PortOffsetTests
{
    private const int Highest = 24_600;

    private static readonly List<(string File, int Offset)> Offsets =
    [
        .. from file in Repository.Files("tests/EndToEnd.Tests", "*.cs").Concat(Repository.Files("tests/Benchmarks", "*Command.cs"))
           from Match offset in Offset().Matches(Repository.Read(file))
           select (file, int.Parse(offset.Groups["offset"].Value.Replace("_", "", StringComparison.Ordinal), CultureInfo.InvariantCulture)),
    ];

    [Fact]
    public void Ports_are_below_those_of_outgoing_connections() => Assert.Empty(Offsets.Where(offset => offset.Offset > Highest));

    /// <summary>No two of the ports differ by a multiple of a hundred, so that servers at different offsets of whole hundreds never meet.</summary>
    [Fact]
    public void Offsets_are_whole_hundreds() => Assert.Empty(Offsets.Where(offset => offset.Offset % 100 != 0));

    [Fact]
    public void No_two_tests_have_the_same_ports()
    {
        var shared = Offsets.Where(offset => offset.File.StartsWith("tests/EndToEnd.Tests/", StringComparison.Ordinal)).GroupBy(offset => offset.Offset).Where(group => group.Count() > 1);
        Assert.Empty(shared);
    }

    /// <summary>That offsets are found at all: those of EndToEnd.Tests, and a benchmark's default.</summary>
    [Fact]
    public void Offsets_are_found()
    {
        Assert.Contains(Offsets, offset => offset.File == "tests/EndToEnd.Tests/Hostile/HostileServer.cs");
        Assert.Contains(Offsets, offset => offset.File == "tests/Benchmarks/Hostile/HostileCommand.cs");
    }

    [GeneratedRegex(@"(?:\boffset: |""--port-offset"".*DefaultValueFactory = _ => )(?<offset>[0-9_]+)")]
    private static partial Regex Offset();
}
