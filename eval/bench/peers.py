"""peers.py NAME CORPUS OUT THREADS JSON: finds the near-duplicates of a JSONL corpus with one of the peers,
in the setting its documentation recommends at Jaccard .7 with 128 permutations of word shingles, and
writes `id<TAB>cluster`. JSON is the library that reads pages for a peer that does not read them itself: orjson,
or json, Python's own. Pages whose estimated (or exact) similarity reaches .7 are united; tools that
give clusters give theirs.
"""
import importlib
import os
import shutil
import sys
import tempfile

loads = importlib.import_module(sys.argv[5]).loads

THRESHOLD, PERMUTATIONS, BANDS, ROWS, WORDS = 0.7, 128, 16, 8, 3


def pages(path):
    with open(path, 'rb') as f:
        for line in f:
            page = loads(line)
            yield page['id'], page['text']


def shingles(text):
    words = text.split()
    return {' '.join(words[i:i + WORDS]) for i in range(len(words) - WORDS + 1)} or {text}


class Union:
    def __init__(self, n):
        self.parent = list(range(n))

    def find(self, i):
        while self.parent[i] != i:
            self.parent[i] = self.parent[self.parent[i]]
            i = self.parent[i]
        return i

    def join(self, i, j):
        i, j = self.find(i), self.find(j)
        self.parent[max(i, j)] = min(i, j)


def write(out, ids, cluster):
    with open(out, 'w', encoding='utf-8') as f:
        f.writelines(f'{page}\t{cluster(i)}\n' for i, page in enumerate(ids))


def gaoya(corpus, out, threads):
    os.environ['RAYON_NUM_THREADS'] = str(threads)
    from gaoya.minhash import MinHashStringIndex
    index = MinHashStringIndex(32, THRESHOLD, BANDS, ROWS, None, 'word', False, (WORDS, WORDS), 'smallvec')
    ids, texts = map(list, zip(*pages(corpus)))
    index.par_bulk_insert_docs(list(range(len(texts))), texts)
    union = Union(len(ids))
    for i, found in enumerate(index.par_bulk_query(texts)):
        for j in found:
            union.join(i, j)
    write(out, ids, union.find)


def rensa(corpus, out, threads):
    os.environ['RAYON_NUM_THREADS'] = str(threads)
    from rensa import RMinHash, RMinHashLSH
    index = RMinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS, num_bands=BANDS)
    ids, sketches = [], []
    block = []

    def flush():
        for sketch in RMinHash.from_token_sets(block, num_perm=PERMUTATIONS, seed=1):
            index.insert(len(sketches), sketch)
            sketches.append(sketch)
        block.clear()

    for page, text in pages(corpus):
        ids.append(page)
        block.append(list(shingles(text)))
        if len(block) == 1024:
            flush()
    flush()
    union = Union(len(ids))
    for i, sketch in enumerate(sketches):
        for j in index.query(sketch):
            if j < i and sketch.jaccard(sketches[j]) >= THRESHOLD:
                union.join(i, j)
    write(out, ids, union.find)


def datasketch(corpus, out, threads):
    from datasketch import MinHash, MinHashLSH
    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    ids, sketches = [], []
    for i, (page, text) in enumerate(pages(corpus)):
        ids.append(page)
        sketch = MinHash(num_perm=PERMUTATIONS)
        sketch.update_batch([s.encode() for s in shingles(text)])
        index.insert(i, sketch)
        sketches.append(sketch)
    union = Union(len(ids))
    for i, sketch in enumerate(sketches):
        for j in index.query(sketch):
            if j < i and sketch.jaccard(sketches[j]) >= THRESHOLD:
                union.join(i, j)
    write(out, ids, union.find)


def text_dedup(corpus, out, threads):
    folder = tempfile.mkdtemp(dir=os.path.dirname(os.path.abspath(out)))
    os.environ['HF_HOME'] = os.environ['HF_DATASETS_CACHE'] = folder
    from text_dedup.config import Config, MinHashAlgorithmConfig
    from text_dedup.config.debug import DebugConfig
    from text_dedup.config.io import LocalInputConfig, OutputConfig
    from text_dedup.minhash import main
    algorithm = MinHashAlgorithmConfig(algorithm_name='minhash', text_column='text', num_perm=PERMUTATIONS, threshold=THRESHOLD, ngram_size=WORDS, bands=BANDS, rows=ROWS,
                                       check_false_positive=True, num_proc=threads)
    result = os.path.join(folder, 'result')
    source = LocalInputConfig(file_type='json', read_arguments={'path': 'json', 'data_files': corpus, 'split': 'train'})
    output = OutputConfig(output_dir=result, save_clusters=True, skip_filtering=True, keep_cluster_column=True)
    # The program reads its settings from a file alone; the checks of each part are done above.
    main(Config.model_construct(input=source, algorithm=algorithm, output=output, debug=DebugConfig(enable_profiling=False)))
    from datasets import load_from_disk
    done = load_from_disk(result)
    with open(out, 'w', encoding='utf-8') as f:
        f.writelines(f'{page}\t{cluster}\n' for page, cluster in zip(done['id'], done[algorithm.cluster_column]))
    shutil.rmtree(folder)


def datatrove(corpus, out, threads):
    folder = tempfile.mkdtemp(dir=os.path.dirname(os.path.abspath(out)))
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter
    config = MinhashConfig(n_grams=WORDS, num_buckets=BANDS, hashes_per_bucket=ROWS)
    parts = os.path.join(folder, 'parts')  # a task reads whole files, so that each thread needs one
    os.mkdir(parts)
    files = [open(os.path.join(parts, f'{i:03}.jsonl'), 'wb') for i in range(threads)]
    with open(corpus, 'rb') as f:
        for i, line in enumerate(f):
            files[i % threads].write(line)
    for f in files:
        f.close()

    def stage(tasks, *steps):
        LocalPipelineExecutor(list(steps), tasks=tasks, workers=min(tasks, threads), start_method='fork', logging_dir=os.path.join(folder, f'log{steps[-1].name}')).run()

    at = {name: os.path.join(folder, name) for name in ('signatures', 'buckets', 'remove', 'done')}
    stage(threads, JsonlReader(parts), MinhashDedupSignature(at['signatures'], config, language='arb_Arab'))
    stage(BANDS, MinhashDedupBuckets(at['signatures'], at['buckets'], config=config))
    stage(1, MinhashDedupCluster(at['buckets'], at['remove'], config=config, save_cluster_id=True))
    # Only with a writer of what it takes out does the last stage tell the clusters of all pages.
    kept, taken = os.path.join(at['done'], 'kept'), os.path.join(at['done'], 'taken')
    stage(threads, JsonlReader(parts), MinhashDedupFilter(at['remove'], JsonlWriter(taken, compression=None), load_cluster_ids=True), JsonlWriter(kept, compression=None))
    with open(out, 'w', encoding='utf-8') as f:
        for done in (kept, taken):
            for name in sorted(os.listdir(done)):
                with open(os.path.join(done, name), 'rb') as rows:
                    for line in rows:
                        page = loads(line)
                        cluster = page['metadata'].get('minhash_cluster_id', -1)
                        f.write(f"{page['id']}\t{page['id'] if cluster in (-1, None) else cluster}\n")
    shutil.rmtree(folder)


if __name__ == '__main__':
    {'gaoya': gaoya, 'rensa': rensa, 'datasketch': datasketch, 'text-dedup': text_dedup, 'datatrove': datatrove}[sys.argv[1]](sys.argv[2], sys.argv[3], int(sys.argv[4]))
