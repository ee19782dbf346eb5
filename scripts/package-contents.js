// What the published packages may hold, and how large they may be. A larger package or a new folder is a decision: it is made here.

/** Bytes. About a tenth more than version 0.1.0 has: more than half of it is sources and maps, for debuggers and editors. */
const limits = { packed: 3_750_000, unpacked: 15_300_000 }

const allowed = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
  /^bin\/partywall\.js$/,
  // Built modules and their types, with maps that lead to src/.
  /^dist\/.+\.(js|d\.ts)(\.map)?$/,
  /^src\/.+\.(ts|js)$/,
  // For Grafana.
  /^dashboards\/grafana\.json$/,
]
const refused = [/\.test\./, /(^|\/)\./]
const required = [
  'package.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'bin/partywall.js',
  'dist/index.js',
  'dist/index.d.ts',
  'src/index.ts',
]

/**
 * What is wrong with a package, one line each.
 * @param {{ files: { path: string }[], size: number, unpackedSize: number }} packed as `npm pack --json` tells it
 */
export function contentProblems({ files, size, unpackedSize }) {
  const paths = files.map(({ path }) => path)
  const notAllowed = paths.filter((path) => !allowed.some((form) => form.test(path)) || refused.some((form) => form.test(path)))
  const missing = required.filter((path) => !paths.includes(path))
  return [
    ...notAllowed.map((path) => `the package holds ${path}, which scripts/package-contents.js does not allow`),
    ...missing.map((path) => `the package lacks ${path}`),
    ...sizeProblem('packed', size),
    ...sizeProblem('unpacked', unpackedSize),
  ]
}

/**
 * Sources that a map names and the package does not hold: a debugger or an editor would find nothing there.
 * @param {string} path of the map in the package
 * @param {{ sources: string[], sourceRoot?: string }} map
 * @param {ReadonlySet<string>} paths all files of the package
 */
export function mapProblems(path, { sources, sourceRoot = '' }, paths) {
  const base = new URL(path, 'file:///')
  return sources
    .map((source) => new URL(sourceRoot + source, base).pathname.slice(1))
    .filter((source) => !paths.has(source))
    .map((source) => `${path} leads to ${source}, which the package does not hold`)
}

function sizeProblem(how, size) {
  if (size <= limits[how]) return []
  return [`the package has ${size} bytes ${how}, more than the ${limits[how]} that scripts/package-contents.js allows`]
}

/** The same for create-partywall: small, because it is fetched for each project that is started. */
const starterLimits = { packed: 60_000, unpacked: 200_000 }
const starterAllowed = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
  /^bin\/create-partywall\.js$/,
  /^dist\/[\w-]+\.js$/,
  // npm leaves out .gitignore, so what begins with a dot has an underscore in its place.
  /^templates\/[\w+-]+\/(?!.*\/\.)[\w./[\]-]+$/,
]
const starterRequired = [
  'package.json',
  'README.md',
  'LICENSE',
  'bin/create-partywall.js',
  'dist/main.js',
  'templates/base/_gitignore',
]

/** @param {{ files: { path: string }[], size: number, unpackedSize: number }} packed */
export function starterProblems({ files, size, unpackedSize }) {
  const paths = files.map(({ path }) => path)
  return [
    ...paths
      .filter((path) => !starterAllowed.some((form) => form.test(path)))
      .map((path) => `create-partywall holds ${path}, which scripts/package-contents.js does not allow`),
    ...starterRequired.filter((path) => !paths.includes(path)).map((path) => `create-partywall lacks ${path}`),
    ...Object.entries({ packed: size, unpacked: unpackedSize })
      .filter(([how, bytes]) => bytes > starterLimits[how])
      .map(
        ([how, bytes]) =>
          `create-partywall has ${bytes} bytes ${how}, more than the ${starterLimits[how]} of scripts/package-contents.js`,
      ),
  ]
}

/** The same for @partywall/console: the built server and pages, and the sources of the server for debuggers. */
const consoleLimits = { packed: 900_000, unpacked: 3_000_000 }
const consoleAllowed = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
  /^dist\/(?!client\/).+\.(js|d\.ts)(\.map)?$/,
  /^dist\/client\/(index\.html|assets\/[\w.-]+\.(js|css|svg))$/,
  /^src\/.+\.ts$/,
]
const consoleRequired = [
  'package.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'dist/index.js',
  'dist/index.d.ts',
  'dist/client/index.html',
]

/** @param {{ files: { path: string }[], size: number, unpackedSize: number }} packed */
export function consoleProblems({ files, size, unpackedSize }) {
  const paths = files.map(({ path }) => path)
  return [
    ...paths
      .filter((path) => !consoleAllowed.some((form) => form.test(path)) || refused.some((form) => form.test(path)))
      .map((path) => `@partywall/console holds ${path}, which scripts/package-contents.js does not allow`),
    ...consoleRequired.filter((path) => !paths.includes(path)).map((path) => `@partywall/console lacks ${path}`),
    ...Object.entries({ packed: size, unpacked: unpackedSize })
      .filter(([how, bytes]) => bytes > consoleLimits[how])
      .map(
        ([how, bytes]) =>
          `@partywall/console has ${bytes} bytes ${how}, more than the ${consoleLimits[how]} of scripts/package-contents.js`,
      ),
  ]
}
