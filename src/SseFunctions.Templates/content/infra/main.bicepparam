using './main.bicep'

param anonymousTopics = ['news']

// From azd's environment (azd env set) or the shell's: while the signing key is being changed.
param previousSigningKeyVersion = readEnvironmentVariable('PREVIOUS_SIGNING_KEY_VERSION', '')
