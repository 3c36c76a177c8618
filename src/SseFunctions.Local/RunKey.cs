using System.Security.Cryptography;
using SseFunctions.Access;

namespace SseFunctions.Local;

/// <summary>A signing key for this run, where none is set, so that POST tokens works on a fresh start.</summary>
internal static class RunKey
{
    /// <returns>Whether a key was drawn.</returns>
    public static bool AddTo(IConfiguration configuration)
    {
        // A previous key alone is a fault in the settings, which must be reported.
        if (((string[])[AccessOptions.SigningKeyKey, AccessOptions.PreviousSigningKeyKey]).Any(key => !string.IsNullOrEmpty(configuration[key])))
            return false;

        configuration[AccessOptions.SigningKeyKey] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(AccessOptions.MinKeyBytes));
        return true;
    }
}
