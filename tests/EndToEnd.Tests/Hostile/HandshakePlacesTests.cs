using MailCloud.Hostile;

namespace MailCloud.EndToEnd.Tests.Hostile;

/// <summary>A handshake has a session's place from its beginning: who only says ClientHello cannot have more of them than there are.</summary>
[Collection(HostileCollection.Name)]
public sealed class HandshakePlacesTests
{
    private const int Places = 10;

    [Fact]
    public async Task Handshakes_take_places_and_give_them_back()
    {
        var data = ServerProcess.NewDataDirectory();
        await using (var server = await ServerProcess.StartAsync(
            data, offset: 24000, arguments: [$"--Smtp:MaxSessions={Places}", $"--Imap:MaxSessions={Places}", $"--Pop3:MaxSessions={Places}"]))
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            using var target = new Target(data, server.Offset, server.ProcessId);
            foreach (var port in target.Ports.Where(port => port.IsTls))
            {
                await ClientHelloFloods.FillPlacesAsync(target, port, Places, limit.Token);

                // All have hung up. Until the server has noticed, a newcomer is one too many.
                while (!await IsServedAsync(target, port, limit.Token))
                {
                }
            }
        }

        Directory.Delete(data, recursive: true);
    }

    private static async Task<bool> IsServedAsync(Target target, Port port, CancellationToken cancellationToken)
    {
        try
        {
            using var peer = await Peer.GreetedAsync(target, port, cancellationToken);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
