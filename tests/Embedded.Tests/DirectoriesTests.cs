namespace MailCloud.Embedded.Tests;

public sealed class DirectoriesTests
{
    [Fact]
    public void A_new_folder_is_its_owners_alone()
    {
        var root = Directory.CreateTempSubdirectory("mailcloud-mode-").FullName;
        var folder = Path.Combine(root, "outer", "inner");

        Directories.CreatePrivate(folder);

        if (!OperatingSystem.IsWindows())
        {
            const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
            Assert.Equal(OwnerOnly, File.GetUnixFileMode(folder));
        }

        Directory.Delete(root, recursive: true);
    }
}
