/**
 * The version of the contract between the gateway and its plugins: everything that `archway/sdk` exports. It is raised when
 * a plugin that was made for the one before would no longer work.
 */
export const contractVersion = 1;
