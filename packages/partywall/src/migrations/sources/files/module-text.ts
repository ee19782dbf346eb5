/**
 * What the text of a migration in code says about itself, and how Node.js has to be given it. The tools run these files with loaders that
 * ignore the "type" of package.json and that drop an import of which only types are used; Node.js does neither. Pure, except that Node.js
 * itself removes the types.
 */
import * as nodeModule from 'node:module'

/** The text uses `import` or `export`, and does not assign to `exports`. */
export function isModuleText(source: string): boolean {
  return /^[ \t]*(?:import\b[ \t]*["'{*\w]|export\b)/m.test(source) && !isCommonJsText(source)
}

/** The text assigns to `exports` or `module.exports`. */
export function isCommonJsText(source: string): boolean {
  return /^[ \t]*(?:module\.)?exports\b/m.test(source) || /^[ \t]*Object\.defineProperty\(exports\b/m.test(source)
}

/**
 * JavaScript for a text in TypeScript, with every part at its place. Where that cannot be, because of an enum, a namespace or a parameter
 * property, Node.js writes another text. Throws the errors of Node.js for what needs a compiler.
 */
export function withoutTypes(source: string): string {
  return withoutUnusedImports(stripTypes(source))
}

/** An ES module that runs a text in CommonJS, for a package in which Node.js would take the text for an ES module. Lines keep their numbers. */
export function asModule(source: string, path: string): string {
  const file = JSON.stringify(path)
  return (
    `import { createRequire as $createRequire } from 'node:module'; const $module = { exports: {} }; ` +
    `(function (exports, require, module, __filename, __dirname) { ${source}\n})` +
    `.call($module.exports, $module.exports, $createRequire(${file}), $module, ${file}, ${file}.replace(/[\\\\/][^\\\\/]*$/, '')); ` +
    `export default $module.exports`
  )
}

/** The function warns that it is experimental, each time that a process first uses it. What it does is what Node.js does for every .ts file. */
function stripTypes(source: string): string {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return nodeModule.stripTypeScriptTypes(source)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') throw error
    return transformed(source) ?? raise(error)
  } finally {
    process.emitWarning = emitWarning
  }
}

/** Undefined where this Node.js cannot do it. */
function transformed(source: string): string | undefined {
  try {
    return nodeModule.stripTypeScriptTypes(source, { mode: 'transform' })
  } catch {
    return undefined
  }
}

function raise(error: unknown): never {
  throw error
}

/**
 * Removes imported names that the code does not use, as TypeScript does: without the types they were used in, they are types. A name counts as
 * used when it occurs at all, outside of comments and plain strings, so a name that is a value is never removed.
 */
function withoutUnusedImports(source: string): string {
  const statements = [...source.matchAll(importStatement)]
  if (statements.length === 0) return source
  const code = codeOf(statements.reduce((text, { 0: whole }) => text.replace(whole, blank), source))
  const isUsed = (name: string): boolean => new RegExp(`(?<![\\w$.])${name.replaceAll('$', String.raw`\$`)}(?![\\w$])`).test(code)
  return statements.reduce((text, { 0: whole, groups }) => {
    const { first, all, names } = groups!
    const listed = names?.split(',').filter((name) => name.trim() !== '') ?? []
    const kept = listed.filter((name) => isUsed(localNameOf(name)))
    const keepsFirst = first !== undefined && isUsed(first)
    const keepsAll = all !== undefined && isUsed(all)
    if (keepsFirst === (first !== undefined) && keepsAll === (all !== undefined) && kept.length === listed.length) return text
    const parts = [
      keepsFirst && first,
      keepsAll && `* as ${all}`,
      kept.length > 0 && `{ ${kept.map((name) => name.trim()).join(', ')} }`,
    ]
    const clause = parts.filter((part) => part !== false).join(', ')
    return text.replace(whole, () => (clause === '' ? blank(whole) : `import ${clause} from ${groups!['from']}${linesOf(whole)}`))
  }, source)
}

const importStatement =
  /^[ \t]*import\s+(?:(?<first>[\w$]+)\s*(?:,\s*)?)?(?:\*\s*as\s+(?<all>[\w$]+)\s*|\{(?<names>[^}]*)\}\s*)?from\s*(?<from>"[^"\n]*"|'[^'\n]*')/gm

/** `as` in `{ a as b }` gives the name that the file uses. */
function localNameOf(name: string): string {
  return name
    .split(/\sas\s/)
    .at(-1)!
    .trim()
}

/** Without comments, strings and regular expressions. The text of templates stays. */
function codeOf(source: string): string {
  // A template inside of a template may be read wrongly, so then everything stays: a name in a comment counts as used.
  if (/\$\{[^}]*`/.test(source)) return source
  return source.replaceAll(notCode, (match) => (match.startsWith('`') ? match : ' '))
}

const notCode = new RegExp(
  [
    String.raw`\/\/.*`,
    String.raw`\/\*[\s\S]*?\*\/`,
    String.raw`'(?:\\.|[^'\\\n])*'`,
    String.raw`"(?:\\.|[^"\\\n])*"`,
    '`(?:\\\\[\\s\\S]|[^`\\\\])*`',
    String.raw`(?<=(?:[(,=:[!&|?{};+*%<>~]|\breturn|^)[ \t]*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/`,
  ].join('|'),
  'gm',
)

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ')
}

function linesOf(text: string): string {
  return '\n'.repeat(text.split('\n').length - 1)
}
