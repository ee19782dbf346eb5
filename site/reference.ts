/** Writes the reference of the API from the docstrings: a page for each import path of the packages. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Application } from 'typedoc'
import { filesIn, root, staged } from './stage.ts'

const reference = join(staged, 'reference')

interface ImportPath {
  /** As it is imported, such as `partywall/express`. */
  readonly path: string
  readonly source: string
}

export async function writeReference(): Promise<void> {
  const paths = (await Promise.all(['partywall', 'console'].map(importPathsOf))).flat()
  const typedoc = await Application.bootstrapWithPlugins({
    plugin: ['typedoc-plugin-markdown'],
    entryPoints: paths.map(({ source }) => source),
    tsconfig: join(root, 'tsconfig.json'),
    // `npm run types` has found the errors.
    skipErrorChecking: true,
    excludePrivate: true,
    excludeProtected: true,
    excludeInternal: true,
    excludeExternals: true,
    disableSources: true,
    readme: 'none',
    groupOrder: ['Functions', 'Classes', '*'],
    logLevel: 'Error',
    ...markdown,
  })
  const project = await typedoc.convert()
  if (project === undefined) throw new Error('The docstrings could not be read.')
  // Modules are named after their files.
  for (const module of project.children ?? [])
    module.name = paths.find(({ source }) => source.endsWith(`/${module.name}.ts`))?.path ?? module.name
  await typedoc.generateOutputs(project)
  if (typedoc.logger.hasErrors()) throw new Error('The reference of the API was not written.')
  for (const file of await filesIn(reference)) await withoutAnchors(join(reference, file))
}

/** The plugin writes elements for the targets of links in tables, which the site shows as text. */
async function withoutAnchors(file: string): Promise<void> {
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replaceAll(/<a id="[^"]*"><\/a> ?/g, ''))
}

const markdown = {
  outputs: [{ name: 'markdown', path: reference }],
  outputFileStrategy: 'modules',
  entryFileName: 'index',
  hidePageHeader: true,
  hideBreadcrumbs: true,
  expandObjects: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
} as object

async function importPathsOf(name: string): Promise<ImportPath[]> {
  const folder = join(root, 'packages', name)
  const { name: packageName, exports } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  return Object.entries(exports as Record<string, string | Record<string, string>>).flatMap(([path, target]) =>
    typeof target === 'string' || target['@partywall/source'] === undefined
      ? []
      : [{ path: path.replace(/^\./, packageName), source: join(folder, target['@partywall/source']) }],
  )
}
