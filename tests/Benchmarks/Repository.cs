namespace MailCloud.Benchmarks;

/// <summary>Where the repository stands: the nearest folder above that holds MailCloud.sln.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string folder)
    {
        for (var at = new DirectoryInfo(folder); at != null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "MailCloud.sln")))
            {
                return at.FullName;
            }
        }
        throw new DirectoryNotFoundException($"no MailCloud.sln above {folder}");
    }
}
