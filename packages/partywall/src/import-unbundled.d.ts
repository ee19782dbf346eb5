/** @param specifier the URL of a file, or the name of an installed package; never a relative path */
export function importUnbundled(specifier: string): Promise<unknown>
