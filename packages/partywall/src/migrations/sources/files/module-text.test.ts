import { describe, expect, test } from 'vitest'
import { isCommonJsText, isModuleText, withoutTypes } from './module-text.ts'

describe('withoutTypes', () => {
  test.each([
    ['a name that only types use', `import { A, b } from 'x'\nexport const up = (a: A) => b`, `import { b } from 'x'`],
    ['all names, and so the import', `import { A } from './x'\nexport const up = (a: A) => a`, ''],
    ['a default', `import A, { b } from 'x'\nlet a: A = b()`, `import { b } from 'x'`],
    ['a namespace', `import * as A from 'x'\nlet a: A.B`, ''],
    ['a name that comments and strings mention', `import { A } from 'x'\n// A\n/* A */ let a: A = 'A' + "A"`, ''],
    ['a name behind implements', `import { A, type B } from 'x'\nexport class C implements A { async up(b: B) {} }`, ''],
    ['a name under another name', `import { A as B, c as d } from 'x'\nlet a: B = d`, `import { c as d } from 'x'`],
  ])('removes %s', (_, source, expected) => {
    expect(withoutTypes(source).split('\n')[0]!.trim()).toBe(expected)
  })

  test.each([
    `import { sql } from 'kysely'\nexport const up = (db: any) => sql\`select\``,
    `import { a } from 'x'\nconst t = \`it's \${a}\``,
    'import { a } from \'x\'\nconst t = `${b ? `${a}` : ""}`',
    `import { a } from 'x'\nconst r = /'/.test(a), s = "it's"`,
    `import { a } from 'x'\nconst u = 'http://y' + a`,
    `import { a } from 'x'\nexport { a }`,
    `import x from 'x'\nx()`,
    `import 'x'\nlet y`,
    `import $ from 'x'\n$()`,
  ])('keeps the import of %j', (source) => {
    expect(withoutTypes(source).split('\n')[0]).toBe(source.split('\n')[0])
  })

  test('keeps the numbers of the lines', () => {
    const lines = withoutTypes(`import {\n  A,\n  b,\n} from 'x'\nlet a: A = b\nthrow new Error()`).split('\n')
    expect(lines.indexOf('throw new Error()')).toBe(5)
  })

  test('gives JavaScript for enums, namespaces and parameter properties', () => {
    const made = withoutTypes(
      `import { A } from 'x'\nexport enum Mood { calm = 'c', busy = 'b' }\nclass P { constructor(private readonly a: A) {} get() { return this.a } }\nnamespace N { export const n = 1 }`,
    )
    expect(made).not.toContain('import')
    // oxlint-disable-next-line no-new-func
    expect(new Function(`${made.replace('export', '')}; return [Mood.busy, new P(2).get(), N.n]`)()).toEqual(['b', 2, 1])
  })

  test('refuses what Node.js cannot read', () => {
    expect(() => withoutTypes('enum Mood { calm')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_TYPESCRIPT_SYNTAX' }))
  })
})

test.each([
  [`import { a } from 'x'\nexport const up = 1`, true, false],
  ['export default class {}', true, false],
  ['exports.up = 1', false, true],
  ['module.exports = class {}', false, true],
  [`const a = require('x')\nmodule.exports = {}`, false, true],
  ['console.log(1)', false, false],
])('%j is an ES module: %s, CommonJS: %s', (source, isModule, isCommonJs) => {
  expect([isModuleText(source), isCommonJsText(source)]).toEqual([isModule, isCommonJs])
})
