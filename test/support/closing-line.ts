/** Ends a test run with one plain line that says how many tests ran, for people and for CI alike. */
import type { Reporter, TestModule } from 'vitest/node';

export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandledErrors.length;
    for (const module of modules) {
      const tests = [...module.children.allTests()].map((test) => test.result().state);
      const failedHere = tests.filter((state) => state === 'failed').length;
      passed += tests.filter((state) => state === 'passed').length;
      // A file that could not be loaded, or whose hooks failed, has failed without a failed test.
      failed += failedHere === 0 && !module.ok() ? 1 : failedHere;
    }
    process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  }
}
