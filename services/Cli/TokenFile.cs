namespace MailCloud.Cli;

/// <summary>Which file has the admin token: the one that is given, or that MAILCLOUD_TOKEN_FILE names, or that AllInOne wrote when it was started in this folder.</summary>
internal static class TokenFile
{
    public const string Variable = "MAILCLOUD_TOKEN_FILE";

    /// <summary>Below the folder in which AllInOne was started.</summary>
    public const string OfAllInOne = "mailcloud-data/admin-token";

    public static FileInfo Find(FileInfo? given)
    {
        if (given is not null)
        {
            return given;
        }

        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            return new(named);
        }

        return File.Exists(OfAllInOne)
            ? new(OfAllInOne)
            : throw new AdminException($"no admin token. Give its file with --token-file or in {Variable}, or go to the folder where AllInOne was started: it wrote {OfAllInOne} there.");
    }
}
