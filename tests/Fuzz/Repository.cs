namespace MailCloud.Fuzz;

internal static class Repository
{
    /// <summary>The folder of MailCloud.sln: above the program, or where it was started.</summary>
    public static string Root { get; } = Above(AppContext.BaseDirectory) ?? Above(Environment.CurrentDirectory) ?? throw new InvalidOperationException("run it within the repository");

    /// <summary>Kept inputs, a folder per target.</summary>
    public static string Inputs => Path.Combine(Root, "tests", "Fuzz", "corpus");

    private static string? Above(string folder)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "MailCloud.sln")))
            {
                return at.FullName;
            }
        }

        return null;
    }
}
