import { expect, test } from 'vitest'
import { isIndexFile } from './index-file.ts'

test.each([
  ['index.ts', `import { A1 } from './1-A'\nexport const all = [A1]`],
  ['index.ts', `export * from './1-A'\n// class`],
  ['index.js', `"use strict";\nexports.all = void 0;\nconst a = require("./1-A");\nexports.all = [a.A1]`],
])('%s with %j only re-exports', (file, text) => {
  expect(isIndexFile(file, text)).toBe(true)
})

test.each([
  ['index.ts', `import { x } from './x'\nexport class A1700000000000 { async up() {} }`],
  ['index.ts', `import { x } from './x'\nexport async function up() {}`],
  ['index.js', `const x = require('./x')\nexports.up = () => x`],
  ['index.js', `const x = require('./x')\nmodule.exports = { up: x.up }`],
  ['index.js', 'exports.up = () => {}'],
  ['index.sql', `select './1'`],
  ['1_index.ts', `export * from './1-A'`],
])('%s with %j may hold a migration', (file, text) => {
  expect(isIndexFile(file, text)).toBe(false)
})
