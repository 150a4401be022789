using System.Globalization;
using System.Reflection;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes;
using MailCloud.Messages;
using Orleans;
using Orleans.Runtime;

namespace MailCloud.Golden.Tests;

/// <summary>
/// What processes of two builds must have in common, as lines of text: each record that is stored or sent with its members, each enumeration in them with its values, each call of a grain or an observer.
/// Names of members are none of it: the serializer writes their ids.
/// </summary>
internal static class Contracts
{
    private static readonly Assembly[] Assemblies = [typeof(QueuedMessage).Assembly, typeof(IMailboxGrain).Assembly, typeof(MailboxesHost).Assembly];

    public static SortedSet<string> Present { get; } = new(Assemblies.SelectMany(assembly => assembly.GetTypes()).Where(type => !IsGenerated(type)).SelectMany(LinesOf), StringComparer.Ordinal);

    private static IEnumerable<string> LinesOf(Type type) =>
        type.IsEnum ? Enum.GetNames(type).Select(name => $"value {type.Name} {Convert.ToInt64(Enum.Parse(type, name), CultureInfo.InvariantCulture)} {name}")
        : type.IsInterface && typeof(IAddressable).IsAssignableFrom(type) ? Calls(type)
        : type.GetCustomAttribute<GenerateSerializerAttribute>(inherit: false) is not null ? Record(type)
        : [];

    private static IEnumerable<string> Calls(Type type) => type.GetMethods()
        .Select(method => $"call {NameOf(type)} {method.GetCustomAttribute<AliasAttribute>(inherit: false)?.Alias ?? method.Name} ({string.Join(", ", method.GetParameters().Select(p => NameOf(p.ParameterType)))}) {NameOf(method.ReturnType)}")
        .Prepend($"grain {NameOf(type)}");

    private static IEnumerable<string> Record(Type type)
    {
        var name = NameOf(type);
        yield return $"record {name}{(IsRecordOfOurs(type.BaseType) ? $" of {NameOf(type.BaseType!)}" : "")}{(VersionOf(type) is { } version ? $" version {version}" : "")}";
        const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        foreach (var property in type.GetProperties(Own))
        {
            if (property.GetCustomAttribute<IdAttribute>() is { } id)
            {
                yield return $"member {name} {id.Id} {NameOf(property.PropertyType)}";
            }
        }

        foreach (var field in type.GetFields(Own))
        {
            if (field.GetCustomAttribute<IdAttribute>() is { } id)
            {
                yield return $"member {name} {id.Id} {NameOf(field.FieldType)}";
            }
        }
    }

    private static string? VersionOf(Type type) =>
        typeof(IStoredRecord).IsAssignableFrom(type) ? type.GetProperty("FormatVersion", BindingFlags.Static | BindingFlags.Public | BindingFlags.FlattenHierarchy)?.GetValue(null)?.ToString() : null;

    private static bool IsRecordOfOurs(Type? type) => type?.GetCustomAttribute<GenerateSerializerAttribute>(inherit: false) is not null;

    private static bool IsGenerated(Type type) => type.Namespace?.StartsWith("OrleansCodeGen", StringComparison.Ordinal) ?? true;

    private static string NameOf(Type type)
    {
        if (type.IsArray)
        {
            return $"{NameOf(type.GetElementType()!)}[]";
        }

        var name = type.GetCustomAttribute<AliasAttribute>(inherit: false)?.Alias ?? type.Name;
        return type.IsGenericType ? $"{name[..(name.IndexOf('`', StringComparison.Ordinal) is >= 0 and var end ? end : name.Length)]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>" : name;
    }
}
