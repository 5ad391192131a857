//! What networks give, in the window.

use super::*;

/// A network with several outputs, and a picture.
fn files(folder: &Path) -> Vec<PathBuf> {
    let networks = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/onnx/outputs");
    let network = folder.join("named.onnx");
    std::fs::copy(networks.join("named.onnx"), &network).unwrap();
    let card = folder.join("named.toml");
    let text = "weights = \"named.onnx\"\n[input]\nmean = [0.0, 0.0, 0.0]\nstd = [1.0, 1.0, 1.0]\n";
    std::fs::write(&card, text).unwrap();
    vec![card, picture(folder, "one.png")]
}

#[test]
fn another_output_and_what_it_is_are_chosen() {
    if !support::can_paint() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut window = window(files(folder.path()));
    wait(&mut window, "Gradient of named: done");
    click(&mut window, "Details of named");
    wait_for_part(&mut window, "logits of classes (softmax), a guess; `logits` of");
    // Its rows find their heights in the first frames.
    window.run_steps(3);
    click(&mut window, "Output");
    click(&mut window, "embedding 1×6");
    click(&mut window, "Outputs are");
    click(&mut window, "logits of labels (a sigmoid each)");
    click(&mut window, "Apply");
    wait_for_part(
        &mut window,
        "logits of labels (a sigmoid each), from the model card; `embedding` of",
    );
    wait(&mut window, "Gradient of named: done");
}

#[test]
fn guesses_stay_marked_and_lead_to_the_report() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let Some(data) = support::data() else { return };
    let weights = data.join("weights/cifar10_resnet20_vanilla.safetensors");
    let network = folder.path().join("unnamed.safetensors");
    std::fs::copy(weights, &network).unwrap();
    let mut window = window(vec![network, files[2].clone()]);
    wait(&mut window, "Gradient of unnamed: done");
    wait_for_part(&mut window, " about unnamed");
    window.query_all_by_label_contains(" about unnamed").next().unwrap().click();
    window.run_steps(3);
    wait_for_part(&mut window, "guess");
    wait(&mut window, "Report and input");
}
