using System.Net;
using MailCloud.OutboundRelay.Routing;

namespace MailCloud.OutboundRelay.Tests.Routing;

public sealed class DialPolicyTests
{
    [Theory]
    [InlineData("8.8.8.8", "Dialled")]
    [InlineData("100.63.255.255", "Dialled")]
    [InlineData("100.64.0.1", "Special")]
    [InlineData("10.0.0.1", "Special")]
    [InlineData("172.15.0.1", "Dialled")]
    [InlineData("172.16.0.1", "Special")]
    [InlineData("172.31.255.255", "Special")]
    [InlineData("192.168.1.1", "Special")]
    [InlineData("169.254.169.254", "Special")]
    [InlineData("192.0.2.1", "Special")]
    [InlineData("198.51.100.1", "Special")]
    [InlineData("203.0.113.1", "Special")]
    [InlineData("198.19.0.1", "Special")]
    [InlineData("224.0.0.1", "Special")]
    [InlineData("255.255.255.255", "Special")]
    [InlineData("127.0.0.1", "Loopback")]
    [InlineData("127.255.0.1", "Loopback")]
    [InlineData("0.0.0.0", "Loopback")]
    [InlineData("::", "Loopback")]
    [InlineData("::1", "Loopback")]
    [InlineData("2a00:1450::1", "Dialled")]
    [InlineData("fd00::1", "Special")]
    [InlineData("fe80::1", "Special")]
    [InlineData("fec0::1", "Special")]
    [InlineData("ff02::1", "Special")]
    [InlineData("2001:db8::1", "Special")]
    [InlineData("3fff::1", "Special")]
    [InlineData("100::1", "Special")]
    [InlineData("::7f00:1", "Special")]
    [InlineData("::ffff:127.0.0.1", "Loopback")]
    [InlineData("::ffff:10.0.0.1", "Special")]
    [InlineData("::ffff:8.8.8.8", "Dialled")]
    [InlineData("64:ff9b::127.0.0.1", "Loopback")]
    [InlineData("64:ff9b::10.0.0.1", "Special")]
    [InlineData("64:ff9b::8.8.8.8", "Dialled")]
    [InlineData("64:ff9b:1::8.8.8.8", "Special")]
    [InlineData("2002:7f00:1::1", "Loopback")]
    [InlineData("2002:a00:1::1", "Special")]
    [InlineData("2002:808:808::1", "Dialled")]
    public void Only_public_addresses_are_dialled(string address, string verdict) =>
        Assert.Equal(verdict, new DialPolicy(new()).Judge(IPAddress.Parse(address)).ToString());

    [Theory]
    [InlineData("10.1.2.3", "Dialled")]
    [InlineData("::ffff:10.1.2.3", "Dialled")]
    [InlineData("64:ff9b::10.1.2.3", "Dialled")]
    [InlineData("10.2.0.1", "Special")]
    [InlineData("127.0.0.1", "Dialled")]
    [InlineData("127.0.0.2", "Loopback")]
    [InlineData("fd00::1", "Dialled")]
    public void Networks_that_are_listed_are_dialled(string address, string verdict) =>
        Assert.Equal(verdict, new DialPolicy(new() { DialPrivate = "10.1.0.0/16, 127.0.0.1/32, fd00::/8" }).Judge(IPAddress.Parse(address)).ToString());
}
