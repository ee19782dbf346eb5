import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectRoot } from '../../src/config/project-root.ts'
import { folderForTest } from '../support/tenants/registry.ts'

test('the root is the folder of the nearest package.json, also from a build folder that has one of its own', async () => {
  const project = await folderForTest({
    'package.json': '{ "name": "app" }',
    'dist/package.json': '{ "type": "commonjs" }',
    'dist/src/main.js': '',
    'apps/api/package.json': '{ "private": true }',
    'apps/api/build/x.js': '',
  })
  expect(projectRoot(project)).toBe(project)
  expect(projectRoot(join(project, 'dist/src'))).toBe(project)
  expect(projectRoot(join(project, 'apps/api/build'))).toBe(join(project, 'apps/api'))
})

test('the root of a program that was started elsewhere is found from the program; without a package.json it is the place of the start', async () => {
  const project = await folderForTest({ 'package.json': '{ "name": "app" }', 'dist/main.js': '' })
  const elsewhere = await folderForTest({
    'node_modules/tool/package.json': '{ "name": "tool" }',
    'node_modules/tool/bin.js': '',
  })
  expect(projectRoot(elsewhere, join(project, 'dist/main.js'))).toBe(project)
  expect(projectRoot(elsewhere, join(elsewhere, 'node_modules/tool/bin.js'))).toBe(elsewhere)
})
