namespace MailCloud.Web.Admin;

/// <summary>How many things a page of a list has: <c>limit</c>, at most <see cref="Most"/>, which is also what a page has without it.</summary>
internal static class Page
{
    public const int Most = 200;

    public const string Rule = "limit is a number from 1 to 200";

    public static bool TryParse(int? limit, out int count)
    {
        count = limit ?? Most;
        return count is > 0 and <= Most;
    }
}
