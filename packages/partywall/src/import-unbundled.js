/**
 * Imports a module that only exists at run time: a migration file of the project, the embedded server, or
 * the grammar of PostgreSQL, which no bundle holds. A bundler
 * must leave the call as it is: it does not know the name, and has nothing to put in its place.
 *
 * JavaScript, because tsc wraps the argument of such a call into a helper for relative paths, which terser then minifies into a wrong call.
 */
export function importUnbundled(specifier) {
  return import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ specifier)
}
