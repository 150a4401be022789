using System.Collections.Frozen;

namespace MailCloud.Credentials;

/// <summary>
/// The passwords of eight characters and more that stand at the head of every published list of leaked ones; shorter ones are refused for their length. A guesser tries these first, and the defence
/// against guessing leaves him time for them.
/// </summary>
internal static class CommonPasswords
{
    private static readonly FrozenSet<string> all = FrozenSet.ToFrozenSet(
        """
        password password1 password12 password123 password1234 passw0rd p@ssw0rd p@ssword pa55word pa$$word mypassword
        12345678 123456789 1234567890 12345678910 0123456789 987654321 87654321 0987654321 9876543210
        11111111 22222222 33333333 55555555 66666666 77777777 88888888 99999999 00000000 111111111 000000000 1111111111 0000000000
        12341234 11223344 12344321 11112222 13579246 123123123 147258369 123654789 789456123 741852963 159357456 1234qwer 12qwaszx
        1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qazxsw2 qazwsxedc qazwsx123 zaq12wsx zaq1zaq1 zxcvbnm1 zxcvbnm123 q1w2e3r4 q1w2e3r4t5
        qwertyui qwertyuiop qwerty12 qwerty123 qwerty1234 qwerty12345 qwer1234 asdfghjk asdfghjkl asdf1234 asdfasdf qweasdzxc
        abcd1234 abc12345 abcdefgh abcdefg1 a1b2c3d4 a1234567 aa123456 a123456789 123456789a 1234abcd aaaaaaaa
        iloveyou iloveyou1 iloveyou2 sunshine princess princess1 football football1 baseball baseball1 basketball superman spiderman batman123
        trustno1 starwars whatever computer internet welcome1 welcome123 letmein1 letmein123 changeme changeme123 admin123 admin1234 administrator
        dragon123 monkey123 shadow123 master123 michelle jennifer samantha alexander elizabeth jonathan victoria christian benjamin patricia
        mercedes corvette liverpool manchester chocolate butterfly snowball cocacola swordfish marlboro jordan23 midnight blink182 scorpion december november
        woaini1314 5201314520 woaini520
        """.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries),
        StringComparer.OrdinalIgnoreCase);

    public static bool Contains(string password) => all.Contains(password);
}
