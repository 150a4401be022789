namespace MailCloud.Benchmarks;

/// <summary>Figures of several runs by row and server, printed as medians with the lowest and the highest run.</summary>
internal sealed class Figures(string title)
{
    private readonly List<string> servers = [];
    private readonly List<(string Row, string Format)> rows = [];
    private readonly Dictionary<(string Server, string Row), List<double>> values = [];

    /// <summary>Adds the value of one run; rows and servers stand in the order in which they come first.</summary>
    public void Add(string server, string row, double value, string format)
    {
        if (!servers.Contains(server))
        {
            servers.Add(server);
        }
        if (!rows.Contains((row, format)))
        {
            rows.Add((row, format));
        }
        if (!values.TryGetValue((server, row), out var runs))
        {
            values[(server, row)] = runs = [];
        }
        runs.Add(value);
        Console.Error.WriteLine($"  {title}: {server}: {row} {value.ToString(format)}");
    }

    public void Print(TextWriter output)
    {
        if (rows.Count == 0)
        {
            return;
        }
        output.WriteLine();
        output.WriteLine($"| {title} | {string.Join(" | ", servers)} |");
        output.WriteLine($"|---|{string.Concat(servers.Select(_ => "---|"))}");
        foreach (var (row, format) in rows)
        {
            output.WriteLine($"| {row} | {string.Join(" | ", servers.Select(server => Cell(server, row, format)))} |");
        }
    }

    private string Cell(string server, string row, string format)
    {
        if (!values.TryGetValue((server, row), out var runs))
        {
            return "–";
        }
        var ascending = runs.Order().ToArray();
        var median = (ascending[(ascending.Length - 1) / 2] + ascending[ascending.Length / 2]) / 2;
        return ascending.Length == 1
            ? median.ToString(format)
            : $"{median.ToString(format)} ({ascending[0].ToString(format)}–{ascending[^1].ToString(format)})";
    }
}
