import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GroupCommit } from './group-commit.js';

const settled = (promises: Promise<number>[]) => Promise.allSettled(promises);

describe('GroupCommit', () => {
  it('commits every item once, in the order of arrival, and lets a bad item fail alone', async () => {
    const arrival = fc.record({ bad: fc.boolean(), turns: fc.nat(3) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(arrival, { maxLength: 60 }),
        fc.integer({ min: 1, max: 8 }),
        fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
        async (arrivals, groupMax, overlapMin) => {
          const committed: number[] = [];
          let underWay = 0;
          const group = new GroupCommit<number, number>({
            groupMax,
            ...(overlapMin === undefined ? {} : { overlapMin }),
            commit: async (items) => {
              underWay += 1;
              expect(underWay).toBeLessThanOrEqual(overlapMin === undefined ? 1 : 2);
              if (underWay > 1)
                expect(items.length).toBeGreaterThanOrEqual(Math.min(overlapMin ?? 1, groupMax));
              expect(items.length).toBeLessThanOrEqual(groupMax);
              committed.push(...items);
              await new Promise((resolve) => setImmediate(resolve));
              underWay -= 1;
              return items.map((item) => (arrivals[item]?.bad ? new Error(`item ${item}`) : item * 10));
            },
          });
          const promises: Promise<number>[] = [];
          for (const [index, { turns }] of arrivals.entries()) {
            promises.push(group.submit(index));
            promises.at(-1)?.catch(() => undefined);
            for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
          }
          const results = await settled(promises);
          expect(committed).toEqual(arrivals.map((_, index) => index));
          results.forEach((result, index) => {
            expect(result.status).toBe(arrivals[index]?.bad ? 'rejected' : 'fulfilled');
            if (result.status === 'fulfilled') expect(result.value).toBe(index * 10);
            else expect((result.reason as Error).message).toBe(`item ${index}`);
          });
          await group.idle();
          expect(group.pending).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('makes one group of what arrives in the same turn', async () => {
    const groups: number[][] = [];
    const group = new GroupCommit<number, number>({
      groupMax: 256,
      commit: async (items) => {
        groups.push(items);
        return items;
      },
    });
    await Promise.all([1, 2, 3].map((item) => group.submit(item)));
    expect(groups).toEqual([[1, 2, 3]]);
  });

  it('sends a second group while the first is under way, if it is worth it, and no third', async () => {
    const commits: { items: number[]; finish: () => void }[] = [];
    const group = new GroupCommit<number, number>({
      groupMax: 256,
      overlapMin: 2,
      commit: (items) => new Promise((resolve) => commits.push({ items, finish: () => resolve(items) })),
    });
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const answers: Promise<number>[] = [];
    const submit = async (item: number) => {
      answers.push(group.submit(item));
      await turn();
    };
    const begun = () => commits.map(({ items }) => items);
    await submit(1);
    await submit(2);
    expect(begun()).toEqual([[1]]);
    await submit(3);
    expect(begun()).toEqual([[1], [2, 3]]);
    await submit(4);
    await submit(5);
    expect(begun()).toEqual([[1], [2, 3]]);
    commits[1]?.finish();
    await turn();
    expect(begun()).toEqual([[1], [2, 3], [4, 5]]);
    for (const { finish } of commits) finish();
    expect(await Promise.all(answers)).toEqual([1, 2, 3, 4, 5]);
    await group.idle();
  });

  it('does not answer before the commit', async () => {
    let commit: () => void = () => undefined;
    const group = new GroupCommit<number, number>({
      groupMax: 2,
      commit: (items) =>
        new Promise((resolve) => {
          commit = () => resolve(items);
        }),
    });
    let answered = false;
    const submitted = group.submit(1).then(() => {
      answered = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(answered).toBe(false);
    commit();
    await submitted;
  });

  it('fails a whole group with the error of its commit, and goes on with the next', async () => {
    let fails = true;
    const group = new GroupCommit<number, number>({
      groupMax: 2,
      commit: async (items) => {
        if (fails) throw new Error('the disk is full');
        return items;
      },
    });
    const results = await settled([group.submit(1), group.submit(2)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    fails = false;
    expect(await group.submit(3)).toBe(3);
  });

  it('takes no missing result for a success', async () => {
    const group = new GroupCommit<number, number>({ groupMax: 2, commit: async () => [1] });
    const results = await settled([group.submit(1), group.submit(2)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
