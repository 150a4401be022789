using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace MailCloud.EndToEnd.Tests.MessageViews;

/// <summary>A mail to open, and what it is called in failures.</summary>
internal sealed record Mail(string Name, byte[] Octets)
{
    /// <summary>What its HTML was before anybody looked at it; null when it is made of more than that.</summary>
    public string? Html { get; init; }
}

/// <summary>Mail that wants a browser to do something: the vectors of MessageView's tests, each in the places where they try them, and mails that try it by their structure and header fields.</summary>
internal static partial class HostileMail
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "vectors");

    public static List<Mail> All() => [.. Vectors(), .. Structures()];

    public static IEnumerable<Mail> Vectors()
    {
        foreach (var file in Directory.GetFiles(Folder, "*.txt").Order(StringComparer.Ordinal))
        {
            foreach (var (line, number) in File.ReadLines(file).Select((line, i) => (line, i + 1)).Where(l => l.line.Length > 0 && l.line[0] != '#'))
            {
                var vector = Escape().Replace(line, m => ((char)int.Parse(m.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString());
                yield return OfHtml(
                    $"{Path.GetFileName(file)}:{number}", vector, $"<p>before</p>{vector}<p>behind</p>", $"<table><tr><td title=\"{vector}", $"<div title='{vector}'>x</div>", $"<a href={vector}>x</a>");
            }
        }
    }

    /// <summary>A mail of several bodies of HTML.</summary>
    public static Mail OfHtml(string name, params string[] bodies)
    {
        var parts = bodies.Select(body => $"--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{Base64(Encoding.UTF8.GetBytes(body))}\r\n");
        return new(name, Encoding.ASCII.GetBytes($"{Header(name)}Content-Type: multipart/mixed; boundary=b\r\n\r\n{string.Concat(parts)}--b--\r\n")) { Html = string.Concat(bodies) };
    }

    private static IEnumerable<Mail> Structures()
    {
        const string Script = "<script>alert(1)</script><img src=x onerror=alert(1)>";
        var picture = Convert.ToBase64String(Encoding.Latin1.GetBytes("GIF89a\u0001\0\u0001\0\u0080\0\0\0\0\0\u00ff\u00ff\u00ff!\u00f9\u0004\u0001\0\0\0\0,\0\0\0\0\u0001\0\u0001\0\0\u0002\u0002D\u0001\0;"));
        const string Svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"><script>alert(1)</script><image href=\"http://evil.test/svg\"/></svg>";

        yield return Of("a declared UTF-7", "Content-Type: text/html; charset=utf-7\r\n\r\n+ADw-script+AD4-alert(1)+ADw-/script+AD4-+ADw-img src+AD0-http://evil.test/7 onerror+AD0-alert(1)+AD4-\r\n");
        yield return Of("UTF-16 without a mark", "Content-Type: text/html; charset=utf-16le\r\nContent-Transfer-Encoding: base64\r\n\r\n" + Base64(Encoding.Unicode.GetBytes(Script)) + "\r\n");
        yield return Of("UTF-32", "Content-Type: text/html; charset=utf-32\r\nContent-Transfer-Encoding: base64\r\n\r\n" + Base64(Encoding.UTF32.GetBytes(Script)) + "\r\n");
        yield return Of("a mark of UTF-16 under UTF-8", "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + Base64([0xff, 0xfe, .. Encoding.Unicode.GetBytes(Script)]) + "\r\n");
        yield return Of("ISO-2022-JP that eats a quote", "Content-Type: text/html; charset=iso-2022-jp\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + Base64("<img alt=\"\u001b$B\"><img src=\"\u001b(B onerror=alert(1) src=http://evil.test/jp\">"u8.ToArray()) + "\r\n");
        yield return Of("overlong UTF-8", "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + Base64([0xc0, 0xbc, .. "script>alert(1)"u8, 0xc0, 0xbc, .. "/script>"u8]) + "\r\n");
        yield return Of("a charset that is HTML", "Content-Type: text/html; charset=\"utf-8\\\"><script>alert(1)</script>\"\r\n\r\n" + Script + "\r\n");
        yield return Of("plain text that is HTML", "Content-Type: text/plain; charset=utf-8\r\n\r\n" + Script + "\r\nhttps://a.test/\"onmouseover=alert(1)//\r\nhttp://a.test/<script>alert(1)</script>\r\njavascript:alert(1)\r\n> <b onclick=alert(1)>quoted</b>\r\n");
        yield return Of("flowed text that is HTML", "Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\r\n\r\n<scr \r\nipt>alert(1)</scr \r\nipt>\r\n<img src=x \r\nonerror=alert(1)>\r\n");
        yield return Of("names in encoded words", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>see below\r\n"
            + "--b\r\nContent-Type: image/png; name=\"=?utf-8?Q?=22=3E=3Cscript=3Ealert=281=29=3C/script=3E.png?=\"\r\nContent-Disposition: attachment; filename*=utf-8''%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E\r\n\r\nx\r\n--b--\r\n");
        yield return Of("ids of parts that are HTML", "Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
            + "<img src=\"cid:%22%3E%3Cscript%3Ealert(1)%3C/script%3E\"><img src=\"cid:x%22 onerror=%22alert(1)\"><img src='cid:../../../sign-out'><img src='cid:2?x#y'><table background='cid:a\") no-repeat;position:fixed;x:url(\"'><tr><td>x</table>\r\n"
            + "--b\r\nContent-Type: image/gif\r\nContent-ID: <\"><script>alert(1)</script>>\r\nContent-Transfer-Encoding: base64\r\n\r\n" + picture + "\r\n"
            + "--b\r\nContent-Type: image/gif\r\nContent-ID: <../../../sign-out>\r\nContent-Transfer-Encoding: base64\r\n\r\n" + picture + "\r\n--b--\r\n");
        yield return Of("locations that run", "Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<img src=\"javascript:alert(1)\"><a href=\"http://evil.test/page\">x</a><iframe src=\"http://evil.test/page\"></iframe>\r\n"
            + "--b\r\nContent-Type: image/gif\r\nContent-Location: javascript:alert(1)\r\nContent-Transfer-Encoding: base64\r\n\r\n" + picture + "\r\n"
            + "--b\r\nContent-Type: text/html\r\nContent-Location: http://evil.test/page\r\n\r\n" + Script + "\r\n--b--\r\n");
        yield return Of("pictures that are none", "Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<img src=cid:html><img src=cid:svg><img src=cid:octets><img src=cid:good width=20 height=20>\r\n"
            + "--b\r\nContent-Type: image/png\r\nContent-ID: <html>\r\n\r\n<!DOCTYPE html>" + Script + "\r\n"
            + "--b\r\nContent-Type: image/png\r\nContent-ID: <svg>\r\n\r\n" + Svg + "\r\n"
            + "--b\r\nContent-Type: application/octet-stream\r\nContent-ID: <octets>\r\n\r\n" + Svg + "\r\n"
            + "--b\r\nContent-Type: image/svg+xml\r\nContent-ID: <good>\r\nContent-Transfer-Encoding: base64\r\n\r\n" + picture + "\r\n--b--\r\n");
        yield return Of("SVG as the body", "Content-Type: image/svg+xml\r\n\r\n" + Svg + "\r\n");
        yield return Of("XHTML as the body", "Content-Type: application/xhtml+xml\r\n\r\n<html xmlns=\"http://www.w3.org/1999/xhtml\"><body>" + Script.Replace("<img src=x onerror=alert(1)>", "", StringComparison.Ordinal) + "</body></html>\r\n");
        yield return Of("an alternative of AMP", "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b\r\nContent-Type: text/x-amp-html\r\n\r\n<!doctype html><html amp4email>" + Script + "\r\n--b--\r\n");
        yield return Of("a body elsewhere", "Content-Type: message/external-body; access-type=URL; URL=\"http://evil.test/body\"\r\n\r\nContent-Type: text/html\r\n\r\n");
        yield return Of("a message within", "Content-Type: message/rfc822\r\n\r\nSubject: <script>alert(1)</script>\r\nContent-Type: text/html\r\n\r\n" + Script + "\r\n");
        yield return new("a subject that is HTML", Encoding.ASCII.GetBytes("From: \"<script>alert(1)</script>\" <x@evil.test>\r\nSubject: =?utf-8?B?PC90aXRsZT48c2NyaXB0PmFsZXJ0KDEpPC9zY3JpcHQ+?=\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<p>x\r\n"));
        yield return OfHtml("a page over the page", "<div style=\"position:fixed;inset:0;background:red\">Sign in again</div><div style=\"margin:-2000px;padding:3000px;background:red\">x</div><center style=\"width:9999px;height:9999px;background:red\">x</center>");
        yield return OfHtml("a hundred links at once", string.Concat(Enumerable.Range(0, 5).Select(i => $"<a href=\"https://a{i}.test/{i}\">x</a><a href=\"javascript:alert({i})\">y</a><a href=\"data:text/html,<script>alert({i})</script>\">z</a>")));
    }

    private static Mail Of(string name, string content) => new(name, Encoding.Latin1.GetBytes(Header(name) + content));

    private static string Header(string name) => $"From: x@evil.test\r\nSubject: {name}\r\nMIME-Version: 1.0\r\n";

    private static string Base64(byte[] octets) => Convert.ToBase64String(octets, Base64FormattingOptions.InsertLineBreaks);

    [GeneratedRegex(@"\{x([0-9a-fA-F]{2,4})\}")]
    private static partial Regex Escape();
}
