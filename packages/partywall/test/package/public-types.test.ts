/**
 * Every type that an exported signature mentions is exported, too, so that a user can name it: from the same entry of the package, or from
 * `partywall`, where the nouns are. Read from the declarations that tsc emits, whose top-level statements begin in the first column.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { expect, test } from 'vitest'
import { publishedDeclarations } from './declarations.ts'

const { home } = await publishedDeclarations()
const files = await declarationsIn(join(home, 'dist'))
const { exports } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as {
  exports: Record<string, { types: string } | string>
}
const entries = Object.entries(exports).flatMap(([name, target]) =>
  typeof target === 'string' ? [] : [{ name: posix.join('partywall', name), file: target.types.replace('./dist/', '') }],
)

test('the entries of package.json are found', () => {
  expect(entries.length).toBeGreaterThan(10)
  expect(entries.filter(({ file }) => files[file] === undefined)).toEqual([])
})

test.each(entries)('$name exports every type that its signatures mention', ({ file }) => {
  expect(unexportedTypes(files, file, 'index.d.ts')).toEqual([])
})

test('a type that is not exported is found, however it is mentioned', () => {
  const program = {
    'a.d.ts': 'export interface A {\n    readonly b: B;\n}\nexport interface B {\n}\ninterface Unused {\n}',
    'entry.d.ts': [
      "import type { A as Renamed } from './a.ts';",
      "import type { Pool } from 'pg';",
      "export type { C } from './c.ts';",
      "export * from './d.ts';",
      'interface Local {',
      '}',
      '/** Mentions B in a comment. */',
      "export declare function f<T>(a: Renamed, pool: Pool): T | 'B';",
      'export declare class K {',
      '    #private;',
      '    private readonly hidden;',
      '    constructor(local: Local);',
      '}',
      "export { type OnlyType } from './c.ts';",
    ].join('\n'),
    'c.d.ts':
      'export interface C extends import("./a.ts").B {\n}\nexport declare class OnlyType {\n    constructor(c: Hidden);\n}\ninterface Hidden {\n}',
    'd.d.ts': 'export type D = A2;\nexport interface A2 {\n}',
  }
  expect(unexportedTypes(program, 'entry.d.ts')).toEqual([
    'C mentions B of a.d.ts',
    'f mentions A of a.d.ts',
    'K mentions Local of entry.d.ts',
  ])
  const withMain = { ...program, 'main.d.ts': "export type { A, B } from './a.ts';" }
  expect(unexportedTypes(withMain, 'entry.d.ts', 'main.d.ts')).toEqual(['K mentions Local of entry.d.ts'])
})

type Files = Readonly<Record<string, string>>

interface Module {
  /** The text of each declaration; that of a function has all its overloads. */
  readonly declared: ReadonlyMap<string, string>
  /** Local names, and where they come from. */
  readonly imported: ReadonlyMap<string, Origin>
  readonly exported: ReadonlyMap<string, Origin>
  readonly exportedFrom: readonly string[]
}

interface Origin {
  readonly file: string
  readonly name: string
  /** Exported as a type only: a user cannot call the constructor of such a class. */
  readonly isType?: boolean
}

function unexportedTypes(program: Files, entry: string, main = entry): string[] {
  const modules = new Map(Object.entries(program).map(([file, text]) => [file, moduleOf(file, text)]))
  const exported = exportsOf(modules, entry)
  const nameable = new Set(
    [...exported.values(), ...exportsOf(modules, main).values()].map(({ file, name }) => `${file} ${name}`),
  )
  return [...exported].flatMap(([as, { file, name, isType }]) => {
    const declaration = modules.get(file)!.declared.get(name) ?? ''
    const mentioned = mentionsOf(isType ? declaration.replaceAll(/^ *constructor\(.*$/gm, '') : declaration).map((mention) =>
      mention.file === undefined
        ? resolve(modules, file, mention.name)
        : resolve(modules, posix.join(posix.dirname(file), mention.file), mention.name),
    )
    const missing = mentioned.filter(
      (origin) => origin !== undefined && origin.name !== name && !nameable.has(`${origin.file} ${origin.name}`),
    )
    return [...new Set(missing.map((origin) => `${as} mentions ${origin!.name} of ${origin!.file}`))]
  })
}

/** What a module exports, by the exported name. */
function exportsOf(modules: ReadonlyMap<string, Module>, file: string): Map<string, Origin> {
  const module = modules.get(file)
  const all = new Map<string, Origin>()
  for (const [name, origin] of module?.exported ?? []) {
    const resolved = resolve(modules, origin.file, origin.name)
    if (resolved !== undefined) all.set(name, { ...resolved, isType: origin.isType === true })
  }
  for (const other of module?.exportedFrom ?? []) for (const [name, origin] of exportsOf(modules, other)) all.set(name, origin)
  return all
}

/** Where a name of a module is declared; undefined for what comes from another package, or is no declaration of a module. */
function resolve(modules: ReadonlyMap<string, Module>, file: string, name: string): Origin | undefined {
  const module = modules.get(file)
  if (module === undefined) return undefined
  if (module.declared.has(name)) return { file, name }
  const origin = module.imported.get(name) ?? module.exported.get(name)
  if (origin !== undefined) return resolve(modules, origin.file, origin.name)
  return module.exportedFrom.map((other) => resolve(modules, other, name)).find((found) => found !== undefined)
}

interface Mention {
  readonly name: string
  /** Of an `import("./x.ts").Name`. */
  readonly file?: string
}

/** The names of types are in PascalCase; those of type parameters and of members are declared in no module. */
function mentionsOf(text: string): Mention[] {
  const inline = /\bimport\("(\.[^"]+)"\)\.(\w+)/g
  const plain = text
    .replaceAll(inline, '')
    .replaceAll(/^ *(?:private|#).*$/gm, '')
    .replaceAll(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, '')
  return [
    ...[...text.matchAll(inline)].map(([, file, name]) => ({ file: declarationFile(file!), name: name! })),
    ...[...plain.matchAll(/(?<![.\w$])[A-Z]\w*/g)].map(([name]) => ({ name })),
  ]
}

function moduleOf(file: string, text: string): Module {
  const declared = new Map<string, string>()
  const imported = new Map<string, Origin>()
  const exported = new Map<string, Origin>()
  const exportedFrom: string[] = []
  for (const statement of statementsOf(text)) {
    const [, verb, onlyTypes, names, from] =
      /^(import|export)\s+(type\s+)?(?:\{([^}]*)\}|\*)(?:\s+from\s+'([^']+)')?/.exec(statement) ?? []
    if (verb !== undefined) {
      const isOwn = from?.startsWith('.') === true
      const origin = isOwn ? posix.join(posix.dirname(file), declarationFile(from)) : from === undefined ? file : undefined
      if (names === undefined && isOwn) exportedFrom.push(origin!)
      for (const { name, as, isType } of namesIn(names ?? '')) {
        if (origin === undefined) continue
        const table = verb === 'import' ? imported : exported
        table.set(as, { file: origin, name, isType: isType || onlyTypes !== undefined })
      }
      continue
    }
    const declaration = /^(export )?(?:declare )?(?:abstract )?(?:interface|type|class|function|const|enum) ([\w$]+)/.exec(
      statement,
    )
    const [, isExported, name] = declaration ?? []
    if (name === undefined) continue
    declared.set(name, `${declared.get(name) ?? ''}\n${statement}`)
    if (isExported) exported.set(name, { file, name })
  }
  return { declared, imported, exported, exportedFrom }
}

/** The statements of the top level, without comments. */
function statementsOf(text: string): string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
  return code.split(/^(?=(?:import|export|declare|interface|type|class)\b)/m).filter((statement) => statement.trim() !== '')
}

function namesIn(list: string): { name: string; as: string; isType: boolean }[] {
  return list
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .map((item) => {
      const [name, as = name] = item.replace(/^type /, '').split(' as ')
      return { name: name!, as: as!, isType: item.startsWith('type ') }
    })
}

function declarationFile(specifier: string): string {
  return specifier.replace(/\.[jt]s$/, '.d.ts')
}

async function declarationsIn(folder: string): Promise<Files> {
  const paths = (await readdir(folder, { recursive: true })).map((path) => path.replaceAll('\\', '/'))
  const ours = paths.filter((path) => path.endsWith('.d.ts'))
  return Object.fromEntries(
    await Promise.all(ours.map(async (path) => [path, await readFile(join(folder, path), 'utf8')] as const)),
  )
}
