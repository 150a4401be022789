using System.Security.Cryptography;

namespace MailCloud.AllInOne;

/// <summary>The key by which the push services of browsers know this installation (RFC 8292).</summary>
internal static class VapidKeyFile
{
    /// <param name="path">Empty: no pushes are signed.</param>
    public static void Ensure(string path)
    {
        if (path.Length > 0 && !File.Exists(path))
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            PrivateFiles.Write(path, key.ExportPkcs8PrivateKeyPem());
        }
    }
}
