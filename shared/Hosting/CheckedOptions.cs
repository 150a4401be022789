using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace MailCloud.Hosting;

/// <summary>Options that say themselves what is wrong with them.</summary>
public static class CheckedOptions
{
    /// <summary>Binds options to a section. The process does not start while <paramref name="errors"/> has anything to say of them, and then says all of it.</summary>
    public static void AddCheckedOptions<T>(this IServiceCollection services, string section, Func<T, IEnumerable<string>> errors)
        where T : class
    {
        services.AddOptions<T>().BindConfiguration(section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<T>>(new Check<T>(errors));
    }

    private sealed class Check<T>(Func<T, IEnumerable<string>> errors) : IValidateOptions<T>
        where T : class
    {
        public ValidateOptionsResult Validate(string? name, T options)
        {
            var found = errors(options).ToList();
            return found.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(found);
        }
    }
}
