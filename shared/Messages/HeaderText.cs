using System.Text;

namespace MailCloud.Messages;

/// <summary>Reads the tokens that structured fields are made of (RFC 5322 §3.2, RFC 2045 §5.1), forgiving what breaks the grammar.</summary>
public sealed class HeaderText(string text)
{
    private int at;

    public bool AtEnd => at >= text.Length;

    public char Peek => text[at];

    public void Skip() => at++;

    /// <summary>The first token of a value.</summary>
    public static string FirstToken(string value)
    {
        var reader = new HeaderText(value);
        reader.SkipSpace();
        return reader.ReadUntil(" \t;()\"");
    }

    /// <summary>Skips white space and comments; returns the text of the last comment.</summary>
    public string? SkipSpace()
    {
        string? comment = null;
        while (!AtEnd)
        {
            if (Peek is ' ' or '\t' or '\r' or '\n')
            {
                at++;
            }
            else if (Peek == '(')
            {
                comment = ReadComment();
            }
            else
            {
                break;
            }
        }

        return comment;
    }

    /// <summary>Reads up to one of the characters, or to the end.</summary>
    public string ReadUntil(string stops)
    {
        var from = at;
        while (!AtEnd && !stops.Contains(Peek, StringComparison.Ordinal))
        {
            at++;
        }

        return text[from..at];
    }

    /// <summary>Reads a quoted string, of which the opening quote is next, without its quoting.</summary>
    public string ReadQuoted()
    {
        var content = new StringBuilder();
        for (at++; !AtEnd && Peek != '"'; at++)
        {
            if (Peek == '\\' && at + 1 < text.Length)
            {
                at++;
            }

            content.Append(Peek);
        }

        at = Math.Min(at + 1, text.Length);
        return content.ToString();
    }

    // Comments nest (RFC 5322 §3.2.2); counted, not recursed into.
    private string ReadComment()
    {
        var content = new StringBuilder();
        var depth = 1;
        for (at++; !AtEnd; at++)
        {
            if (Peek == '\\' && at + 1 < text.Length)
            {
                at++;
            }
            else if (Peek == '(')
            {
                depth++;
            }
            else if (Peek == ')' && --depth == 0)
            {
                break;
            }

            content.Append(Peek);
        }

        at = Math.Min(at + 1, text.Length);
        return content.ToString();
    }
}

/// <summary>Content-Type or Content-Disposition: a type, and parameters as name and value in turn, undecoded (RFC 2231 forms too).</summary>
public sealed record HeaderParameters(string Type, string Subtype, IReadOnlyList<string> Parameters)
{
    /// <summary>More parameters than this are left out.</summary>
    private const int MaxParameters = 100;

    /// <summary>Null when there is none or it has no type and subtype.</summary>
    public static HeaderParameters? ParseContentType(string? value)
    {
        if (value is null)
        {
            return null;
        }

        var reader = new HeaderText(value);
        reader.SkipSpace();
        var type = reader.ReadUntil("/; \t(");
        reader.SkipSpace();
        if (type.Length == 0 || reader.AtEnd || reader.Peek != '/')
        {
            return null;
        }

        reader.Skip();
        reader.SkipSpace();
        var subtype = reader.ReadUntil("; \t(");
        return subtype.Length == 0 ? null : new(type, subtype, ReadParameters(reader));
    }

    /// <summary>Null when there is none. The subtype is empty.</summary>
    public static HeaderParameters? ParseDisposition(string? value)
    {
        if (value is null)
        {
            return null;
        }

        var reader = new HeaderText(value);
        reader.SkipSpace();
        var type = reader.ReadUntil("; \t(");
        return type.Length == 0 ? null : new(type, "", ReadParameters(reader));
    }

    public string? Find(string name)
    {
        for (var i = 0; i < Parameters.Count; i += 2)
        {
            if (Parameters[i].Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return Parameters[i + 1];
            }
        }

        return null;
    }

    private static List<string> ReadParameters(HeaderText reader)
    {
        var parameters = new List<string>();
        while (parameters.Count < 2 * MaxParameters)
        {
            reader.ReadUntil(";");
            if (reader.AtEnd)
            {
                break;
            }

            reader.Skip();
            reader.SkipSpace();
            var name = reader.ReadUntil("=; \t(");
            reader.SkipSpace();
            if (name.Length == 0 || reader.AtEnd || reader.Peek != '=')
            {
                continue;
            }

            reader.Skip();
            reader.SkipSpace();
            var value = !reader.AtEnd && reader.Peek == '"' ? reader.ReadQuoted() : reader.ReadUntil("; \t(");
            parameters.Add(name);
            parameters.Add(value);
        }

        return parameters;
    }
}
