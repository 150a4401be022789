using System.IO.MemoryMappedFiles;

namespace MailCloud.Fuzz.Engine;

/// <summary>
/// Keeps the input that is being run in a file that outlives the process: a stack overflow leaves nothing else. Ends the process when one input takes for ever.
/// </summary>
internal sealed unsafe class Watchdog : IDisposable
{
    /// <summary>Of processor time: a busy machine makes slow what is not.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor view;
    private readonly byte* octets;
    private readonly Timer timer;
    private long executions;
    private long lastLooked = -1;
    private TimeSpan lastMoved;

    public Watchdog(string path, int capacity)
    {
        Path = path;
        file = MemoryMappedFile.CreateFromFile(path, FileMode.Create, null, sizeof(int) + capacity);
        view = file.CreateViewAccessor();
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref octets);
        timer = new(_ => Look(), null, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5));
    }

    public string Path { get; }

    public void Begin(ReadOnlySpan<byte> input)
    {
        *(int*)octets = input.Length;
        input.CopyTo(new Span<byte>(octets + sizeof(int), input.Length));
        Volatile.Write(ref executions, executions + 1);
    }

    /// <summary>The input that a process which has died was running; null when there is none.</summary>
    public static byte[]? Read(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        var content = File.ReadAllBytes(path);
        return content[sizeof(int)..(sizeof(int) + BitConverter.ToInt32(content))];
    }

    /// <summary>All went well: nothing is left.</summary>
    public void Dispose()
    {
        timer.Dispose();
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        file.Dispose();
        File.Delete(Path);
    }

    private void Look()
    {
        var now = Volatile.Read(ref executions);
        var used = Environment.CpuUsage.TotalTime;
        if (now != lastLooked)
        {
            (lastLooked, lastMoved) = (now, used);
        }
        else if (used - lastMoved > Patience)
        {
            Environment.FailFast($"one input has run for {Patience.TotalSeconds} s");
        }
    }
}
