using System.Security.Cryptography;

namespace MailCloud.AllInOne;

/// <summary>The secret that the operator's command and scripts show to the admin API.</summary>
internal static class AdminToken
{
    public static void Ensure(string path)
    {
        if (!File.Exists(path))
        {
            PrivateFiles.Write(path, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
        }
    }
}
