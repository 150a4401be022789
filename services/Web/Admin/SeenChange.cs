using Microsoft.AspNetCore.Http;

namespace MailCloud.Web.Admin;

/// <summary>
/// A change of a thing as it was seen. Its grain makes it if the thing is still so, in one step; if it is not, it is looked at anew, with what the request demands of it. So of changes at the same
/// moment none undoes another, and of those that demand the same tag one is made.
/// </summary>
internal static class SeenChange
{
    /// <summary>Each time that one is not made another was: so many others at the same moment have gone before.</summary>
    private const int Attempts = 10;

    /// <param name="tryAsync">Looks and changes; null: it was changed in between.</param>
    public static async Task<IResult> MakeAsync(Func<Task<IResult?>> tryAsync)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            if (await tryAsync() is { } result)
            {
                return result;
            }
        }

        return Problem.Conflict("others are changing it at this moment, and nothing was done: try again");
    }
}
