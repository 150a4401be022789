using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Spectre.Console;

namespace MailCloud.Cli;

/// <summary>
/// What a command prints: for a person at a terminal tables and words, and JSON when it is piped or asked for, of a list a value a line. JSON is the admin API's own: what a script reads of one it
/// reads of the other.
/// </summary>
internal sealed class Output
{
    public static readonly Option<bool> Json = new("--json") { Description = "Print JSON, of a list a value a line; so it is without a terminal.", Recursive = true };

    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const int Step = 1024;

    private static readonly string[] Units = ["octets", "KiB", "MiB", "GiB", "TiB", "PiB"];

    private bool isWaiting;

    private Output(bool isJson) => IsJson = isJson;

    public bool IsJson { get; }

    public static Output Of(ParseResult parsed) => new(parsed.GetValue(Json) || Console.IsOutputRedirected);

    /// <summary>One answer; on a terminal a row for each of its members that has a name there.</summary>
    public void Write(object answer, params (string Name, string? Value)[] rows)
    {
        if (IsJson)
        {
            WriteJson(answer);
            return;
        }

        var grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        foreach (var (name, value) in rows)
        {
            grid.AddRow(new Text(name, new Style(decoration: Decoration.Bold)), new Text(Plain(value)));
        }

        AnsiConsole.Write(grid);
    }

    /// <summary>One answer that is a sentence on a terminal.</summary>
    public void Say(object answer, string sentence)
    {
        if (IsJson)
        {
            WriteJson(answer);
        }
        else if (isWaiting)
        {
            // It goes above the sign, which is drawn again below it.
            AnsiConsole.WriteLine(Plain(sentence));
        }
        else
        {
            Console.WriteLine(Plain(sentence));
        }
    }

    /// <summary>A line for people; JSON has it in its records.</summary>
    public void Note(string line)
    {
        if (!IsJson)
        {
            Console.WriteLine(Plain(line));
        }
    }

    /// <summary>"1 line", "2 lines".</summary>
    public static string Counted(long count, string noun) => string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : "s")}");

    public Listing Begin(params string[] columns) => new(this, columns);

    /// <summary>Runs with a bar to step on a terminal, and without one otherwise.</summary>
    public Task<T> ProgressAsync<T>(string what, double most, Func<Action, Task<T>> run) => IsJson || Console.IsErrorRedirected
        ? run(() => { })
        : AnsiConsole.Progress().StartAsync(progress =>
        {
            var bar = progress.AddTask(what, maxValue: Math.Max(1, most));
            bar.IsIndeterminate = most <= 0;
            return run(() => bar.Increment(1));
        });

    /// <summary>Runs with a bar on a terminal whose text, value and most (null: nobody knows) are told each time, and without one otherwise.</summary>
    public Task<T> WatchAsync<T>(string what, Func<Action<string, double, double?>, Task<T>> run) => IsJson || Console.IsErrorRedirected
        ? run((_, _, _) => { })
        : AnsiConsole.Progress().StartAsync(progress =>
        {
            var bar = progress.AddTask(Markup.Escape(what));
            return run((text, value, most) =>
            {
                bar.Description = Markup.Escape(Plain(text));
                bar.IsIndeterminate = most is null;
                bar.MaxValue = Math.Max(1, most ?? 1);
                bar.Value = most is null ? 0 : value;
            });
        });

    /// <summary>Runs with a moving sign on a terminal that it is not over.</summary>
    public async Task<T> WaitAsync<T>(string what, Func<Task<T>> run)
    {
        if (IsJson || Console.IsErrorRedirected)
        {
            return await run();
        }

        isWaiting = true;
        try
        {
            return await AnsiConsole.Status().StartAsync(Markup.Escape(what), _ => run());
        }
        finally
        {
            isWaiting = false;
        }
    }

    /// <summary>What strangers wrote goes to a terminal: no control characters.</summary>
    public static string Plain(string? text)
    {
        var plain = new StringBuilder(text ?? "");
        for (var i = 0; i < plain.Length; i++)
        {
            plain[i] = char.IsControl(plain[i]) && plain[i] != '\n' ? '?' : plain[i];
        }

        return plain.ToString();
    }

    public static string? Member(JsonElement record, string member) => record.GetProperty(member) switch
    {
        { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Array } list => string.Join(", ", list.EnumerateArray()),
        var other => other.GetRawText(),
    };

    /// <summary>A moment as people read it, in UTC.</summary>
    public static string? Time(JsonElement record, string member) => record.GetProperty(member) is { ValueKind: JsonValueKind.String } time
        ? time.GetDateTimeOffset().UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)
        : null;

    /// <summary>Octets with a unit of which there are not too many: 512 octets, 1.5 GiB.</summary>
    public static string Size(long octets)
    {
        var (size, unit) = ((double)octets, 0);
        for (; size >= Step && unit < Units.Length - 1; unit++)
        {
            size /= Step;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{size:0.#} {Units[unit]}");
    }

    private static void WriteJson(object value) => Console.WriteLine(value is JsonElement element ? JsonSerializer.Serialize(element, Format) : JsonSerializer.Serialize(value, Format));

    /// <summary>A list while it is printed. Tables are of a bounded number of rows: a longer list is several.</summary>
    internal sealed class Listing(Output output, string[] columns) : IDisposable
    {
        private const int RowsOfTable = 500;

        private Table table = NewTable(columns);
        private bool isEmpty = true;

        public void Add(object entry, params string?[] cells)
        {
            if (output.IsJson)
            {
                WriteJson(entry);
                return;
            }

            isEmpty = false;
            table.AddRow(cells.Select(cell => new Text(Plain(cell))));
            if (table.Rows.Count == RowsOfTable)
            {
                AnsiConsole.Write(table);
                table = NewTable(columns);
            }
        }

        /// <summary>Adds an entry whose cells are members of it.</summary>
        public void AddMembers(JsonElement entry, params string[] members) => Add(entry, [.. members.Select(member => Member(entry, member))]);

        /// <summary>The list is whole: of an empty one a terminal is told so.</summary>
        public void End()
        {
            if (isEmpty)
            {
                output.Note("none");
            }
        }

        public void Dispose()
        {
            if (table.Rows.Count > 0)
            {
                AnsiConsole.Write(table);
            }
        }

        private static Table NewTable(string[] columns)
        {
            var table = new Table().Border(TableBorder.Rounded);
            foreach (var column in columns)
            {
                table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))));
            }

            // Ids and addresses are for copying.
            table.Columns[0].NoWrap = true;

            return table;
        }
    }
}
