using System.Diagnostics.Metrics;
using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MailCloud.Wire.Tls;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Wire.Tests;

public sealed class TlsTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("mailcloud-tls");
    private readonly FakeTimeProvider time = new();

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void Certificates_are_chosen_by_name_and_taken_up_anew()
    {
        Write("default", "mail.example");
        Write("wild", "*.example.test");
        var store = Store();
        Assert.Equal("wild", store.Select("mx.example.test")!.Name);
        Assert.Equal("default", store.Select("mail.example")!.Name);
        Assert.Equal("default", store.Select("other.example")!.Name);

        Write("special", "mx.example.test");
        File.WriteAllText(Path.Combine(folder.FullName, "wild.crt"), "half written");
        Assert.Equal("wild", store.Select("mx.example.test")!.Name);
        time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal("special", store.Select("mx.example.test")!.Name);
        Assert.Equal("wild", store.Select("a.example.test")!.Name);
    }

    [Fact]
    public async Task It_is_told_how_long_the_first_certificate_to_expire_holds()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var left = new List<double>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, l) => EnableIf(instrument.Meter.Scope == services.GetRequiredService<IMeterFactory>(), instrument, l) };
        listener.SetMeasurementEventCallback<double>((_, value, _, _) => left.Add(value));
        listener.Start();
        using var stop = new CancellationTokenSource();
        await new CertificateTelemetry(services.GetRequiredService<IMeterFactory>(), Store(), time).StartAsync(stop.Token);
        listener.RecordObservableInstruments();
        Assert.Empty(left);

        time.SetUtcNow(DateTimeOffset.UtcNow);
        Write("default", "mail.example");
        Write("longer", "other.example", days: 30);
        time.Advance(TimeSpan.FromHours(1));
        listener.RecordObservableInstruments();
        Assert.InRange(Assert.Single(left), TimeSpan.FromHours(22.9).TotalSeconds, TimeSpan.FromHours(23.1).TotalSeconds);

        static void EnableIf(bool ours, Instrument instrument, MeterListener listener)
        {
            if (ours)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        }
    }

    [Fact]
    public async Task Handshake_gives_decrypted_pipes_and_the_channel_binding()
    {
        Write("default", "mail.example");
        var (up, down) = (new Pipe(), new Pipe());
        var accepting = TlsConnection.AcceptAsync(new Ends(up.Reader, down.Writer), Store(), TimeSpan.FromMinutes(1), TimeProvider.System, CancellationToken.None);
        await using var client = new SslStream(new DuplexPipeStream(new Ends(down.Reader, up.Writer)), false, (_, certificate, _, _) => certificate!.Subject == "CN=mail.example");
        await client.AuthenticateAsClientAsync("mail.example");
        var server = await accepting;
        await client.WriteAsync("hello"u8.ToArray());
        var read = await server.Input.ReadAsync();

        Assert.Equal("hello", Encoding.ASCII.GetString(read.Buffer.FirstSpan));
        Assert.Equal("mail.example", server.Session.ServerName);
        Assert.StartsWith("TLS1.", server.Session.Protocol, StringComparison.Ordinal);
        Assert.Equal(SHA256.HashData(client.RemoteCertificate!.GetRawCertData()), server.Session.ServerEndPoint);
        server.Input.AdvanceTo(read.Buffer.End);
        await server.DisposeAsync();
    }

    [Theory]
    [InlineData(20)]
    [InlineData(21)]
    [InlineData(22)]
    [InlineData(23)]
    [InlineData(24)]
    [InlineData(71)]
    public async Task A_peer_that_does_not_begin_with_a_ClientHello_fails_to_authenticate(byte contentType)
    {
        Write("default", "mail.example");
        foreach (var length in (byte[])[1, 2, 4, 40])
        {
            var (up, down) = (new Pipe(), new Pipe());
            await up.Writer.WriteAsync(new byte[] { contentType, 3, 1, 0, length }.Concat(Enumerable.Repeat((byte)1, length)).ToArray());
            await up.Writer.CompleteAsync();
            var accepting = TlsConnection.AcceptAsync(new Ends(up.Reader, down.Writer), Store(), TimeSpan.FromMinutes(1), TimeProvider.System, CancellationToken.None);
            var error = await Assert.ThrowsAnyAsync<Exception>(() => accepting);
            Assert.True(error is System.Security.Authentication.AuthenticationException or IOException, $"{length}: {error}");
        }
    }

    private CertificateStore Store() =>
        new(Options.Create(new TlsOptions { Directory = folder.FullName }), time, NullLogger<CertificateStore>.Instance);

    private void Write(string name, string host, int days = 1)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(days));
        File.WriteAllText(Path.Combine(folder.FullName, name + ".crt"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder.FullName, name + ".key"), key.ExportPkcs8PrivateKeyPem());
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
